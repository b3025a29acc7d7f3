import { Arg, Args, Ctx, FieldResolver, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole, type Principal } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { NotFound } from '../kernel/errors.js';
import type { Clock } from '../kernel/clock.js';
import { bodyOf } from '../tenants/body.schema.js';
import type { Customer, CustomersChanged } from './customer.js';
import type { CustomerById } from './customer.loader.js';
import { CustomerType } from './customer.type.js';
import type { Merged, Merging } from './identity.js';
import { parseIdentify, parseIdentity, parseMerge } from './merging.schema.js';
import { IdentifyInput, IdentityArgs, IdentityType, MergeCustomersInput, MergePayload } from './merging.type.js';

export interface MergingResolverDeps {
  readonly merging: Merging;
  readonly byId: CustomerById;
  readonly changed: CustomersChanged;
  readonly clock: Clock;
}

@Resolver(() => CustomerType)
export class MergingResolver {
  readonly #deps: MergingResolverDeps;
  readonly #identities: LoaderKey<string, readonly IdentityType[]>;

  constructor(deps: MergingResolverDeps) {
    this.#deps = deps;
    this.#identities = {
      name: 'identities by customer',
      async loadMany(ids, tenantId) {
        const found = await deps.merging.kindsOf(tenantId, ids);
        return ids.map(id => found.get(id) ?? []);
      },
    };
  }

  @Query(() => CustomerType, { nullable: true, description: 'Null where no customer has the identity.' })
  async customerByIdentity(@Ctx() { principal, loaders }: RequestContext, @Args(() => IdentityArgs) identity: IdentityArgs): Promise<Customer | null> {
    requireRole(principal, 'server', 'admin');
    const id = await this.#deps.merging.find(principal.tenantId, parseIdentity(bodyOf(identity)));
    return id === undefined ? null : loaders.get(this.#deps.byId).load(id);
  }

  @Mutation(() => MergePayload, { description: 'Makes one customer of two. In whatever order merges, identities and facts come, the same customer results.' })
  async mergeCustomers(@Ctx() context: RequestContext, @Arg('input', () => MergeCustomersInput) input: MergeCustomersInput): Promise<MergePayload> {
    requireRole(context.principal, 'server', 'admin');
    const { merging } = this.#deps;
    return this.#told(context, await merging.merge(context.principal.tenantId, parseMerge(bodyOf(input)), this.#by(context.principal)));
  }

  @Mutation(() => MergePayload, { description: 'Says by what a customer is known: an anonymous id, an e-mail, a login.' })
  async identify(@Ctx() context: RequestContext, @Arg('input', () => IdentifyInput) input: IdentifyInput): Promise<MergePayload> {
    requireRole(context.principal, 'server', 'admin');
    const { merging } = this.#deps;
    return this.#told(context, await merging.identify(context.principal.tenantId, parseIdentify(bodyOf(input)), this.#by(context.principal)));
  }

  @FieldResolver(() => [IdentityType], { description: 'Ordered by kind.' })
  identities(@Root() { id }: Customer, @Ctx() { loaders }: RequestContext): Promise<readonly IdentityType[]> {
    return loaders.get(this.#identities).load(id);
  }

  #by({ keyId }: Principal): { readonly actor: string; readonly now: number } {
    return { actor: keyId, now: this.#deps.clock.now() };
  }

  async #told({ principal, loaders }: RequestContext, { customerId, aliases, isChanged }: Merged): Promise<MergePayload> {
    if (isChanged) await this.#deps.changed(principal.tenantId, [customerId]);
    const customer = await loaders.get(this.#deps.byId).load(customerId);
    if (customer === null) throw new NotFound('The customer has gone meanwhile');
    return { customer, aliases };
  }
}
