import { Arg, Ctx, FieldResolver, Int, Mutation, Resolver, Root } from 'type-graphql';
import { requireCustomer, requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { LimitExceeded } from '../kernel/errors.js';
import type { Clock } from '../kernel/clock.js';
import { bodyOf } from '../tenants/body.schema.js';
import { isGranted, type Consents, type ConsentStore } from './consent.js';
import { parseConsent } from './consent.schema.js';
import { ConsentStatementType, ConsentType, SetConsentInput, SetConsentPayload } from './consent.type.js';
import type { Customer, CustomersChanged } from './customer.js';
import type { OnlineRecordById } from './customer.loader.js';
import { CustomerType } from './customer.type.js';

export interface ConsentsResolverDeps {
  readonly store: ConsentStore;
  readonly recordById: OnlineRecordById;
  readonly changed: CustomersChanged;
  readonly clock: Clock;
}

const mostStatements = 1000;

@Resolver(() => CustomerType)
export class ConsentsResolver {
  readonly #deps: ConsentsResolverDeps;

  constructor(deps: ConsentsResolverDeps) {
    this.#deps = deps;
  }

  @Mutation(() => SetConsentPayload, { description: 'Adds to what a customer has said about purposes. A browser token speaks for its own customer.' })
  async setConsent(@Ctx() { principal }: RequestContext, @Arg('input', () => SetConsentInput) input: SetConsentInput): Promise<SetConsentPayload> {
    const { store, changed, clock } = this.#deps;
    const said = parseConsent(bodyOf(input), principal.keyId, clock.now());
    requireCustomer(principal, said.customerId);
    const { customerId, consents, isChanged } = await store.say(principal.tenantId, said, clock.now());
    if (isChanged) await changed(principal.tenantId, [customerId]);
    return { customerId, consents: listOf(consents, clock.now()) };
  }

  @FieldResolver(() => [ConsentType], { description: 'What holds now, ordered by purpose.' })
  async consents(@Root() { id }: Customer, @Ctx() { loaders }: RequestContext): Promise<readonly ConsentType[]> {
    return listOf((await loaders.get(this.#deps.recordById).load(id)).consents, this.#deps.clock.now());
  }

  @FieldResolver(() => [ConsentStatementType], { description: 'All that was said, the newest first.' })
  async consentHistory(
    @Root() { id }: Customer,
    @Ctx() { principal }: RequestContext,
    @Arg('first', () => Int, { defaultValue: 100, description: '1 to 1,000.' }) first: number,
    @Arg('before', () => Int, { nullable: true, description: 'Only those whose seq is less.' }) before?: number | null,
  ): Promise<readonly ConsentStatementType[]> {
    requireRole(principal, 'server', 'admin');
    if (first < 1 || first > mostStatements) throw new LimitExceeded(`"first" is 1 to ${mostStatements}.`, { details: { limit: mostStatements } });
    const said = await this.#deps.store.history(principal.tenantId, id, { first, before: before ?? undefined });
    return said.map(({ until, at, ...rest }) => ({ ...rest, until: until === undefined ? null : new Date(until), at: new Date(at) }));
  }
}

function listOf(consents: Consents, now: number): readonly ConsentType[] {
  return Object.entries(consents)
    .map(([purpose, { until }]) => ({ purpose, granted: isGranted(consents, purpose, now), until: until === undefined ? null : new Date(until) }))
    .sort((a, b) => (a.purpose < b.purpose ? -1 : 1));
}
