import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { CustomerById } from '../customers/customer.loader.js';
import type { Customer } from '../customers/customer.js';
import { CustomerType } from '../customers/customer.type.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireCustomer, requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { InvariantViolation } from '../kernel/errors.js';
import { parseAsk, parseAsks, parseDeadline } from './ask.schema.js';
import { DecisionType, ExplanationType, ReplayType } from './decision.type.js';
import { DecisionView } from './decision-view.js';
import { PersonalizeArgs, PersonalizeManyArgs } from './decisions.args.js';
import type { Decisions } from './decisions.js';
import type { Explanation } from './explain.js';
import type { Decided, Personalizer } from './personalizer.js';

export type DecisionById = LoaderKey<string, Decided | undefined>;

@Resolver(() => DecisionType)
export class DecisionsResolver {
  readonly #personalizer: Personalizer;
  readonly #decisions: Decisions;
  readonly #byId: DecisionById;
  readonly #customerById: CustomerById;

  constructor(personalizer: Personalizer, decisions: Decisions, customerById: CustomerById) {
    this.#personalizer = personalizer;
    this.#decisions = decisions;
    this.#byId = { name: 'decisionById', loadMany: (ids, tenantId) => decisions.find(tenantId, ids) };
    this.#customerById = customerById;
  }

  @Query(() => DecisionType, { description: 'What to show this customer now. The id alone is enough: the placement is then the default one.' })
  async personalize(
    @Ctx() { principal }: RequestContext,
    @Args(() => PersonalizeArgs) { customerId, placement, items, context, limit, deadlineMs }: PersonalizeArgs,
  ): Promise<DecisionView> {
    requireCustomer(principal, customerId);
    const ask = parseAsk({ customerId, placementId: placement, items, context, limit });
    const [decided] = await this.#personalizer.decide(principal.tenantId, [ask], parseDeadline(deadlineMs));
    if (decided === undefined) throw new InvariantViolation('One ask has one decision');
    return new DecisionView(decided);
  }

  @Query(() => [DecisionType], { description: 'The same for up to 1,000 customers at once, as one batch, in their order.' })
  async personalizeMany(
    @Ctx() { principal }: RequestContext,
    @Args(() => PersonalizeManyArgs) { customerIds, placement, context }: PersonalizeManyArgs,
  ): Promise<readonly DecisionView[]> {
    requireRole(principal, 'server', 'admin');
    const decided = await this.#personalizer.decide(principal.tenantId, parseAsks(customerIds, { placementId: placement, context }));
    return decided.map(it => new DecisionView(it));
  }

  @Query(() => DecisionType, { nullable: true, description: 'A decision from the log; null where there is no such one.' })
  async decision(@Ctx() { principal, loaders }: RequestContext, @Arg('id', () => ID) id: string): Promise<DecisionView | null> {
    const decided = await loaders.get(this.#byId).load(id);
    if (decided === undefined) return null;
    requireCustomer(principal, decided.record.request.customerId);
    return new DecisionView(decided);
  }

  @Query(() => ReplayType, { description: 'Decides again from what was logged, by the configuration of that time.' })
  async replayDecision(@Ctx() { principal }: RequestContext, @Arg('id', () => ID) id: string): Promise<ReplayType> {
    requireRole(principal, 'server', 'admin');
    const { logged, replayed, identical } = await this.#decisions.replay(principal.tenantId, id);
    return { logged: new DecisionView(logged), replayed: replayed && new DecisionView(replayed), identical };
  }

  @Query(() => ExplanationType, { description: 'Why a decision did, or did not, choose an item.' })
  async explainDecision(
    @Ctx() { principal }: RequestContext,
    @Arg('id', () => ID) id: string,
    @Arg('itemId', () => ID) itemId: string,
  ): Promise<Explanation> {
    requireRole(principal, 'server', 'admin');
    return this.#decisions.explain(principal.tenantId, id, itemId);
  }

  @FieldResolver(() => CustomerType, { nullable: true, description: 'Null for a stranger.' })
  async customer(@Root() decision: DecisionView, @Ctx() { principal, loaders }: RequestContext): Promise<Customer | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#customerById).load(decision.customerId);
  }
}
