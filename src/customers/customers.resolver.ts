import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import type { AttributeDeclarations } from './attribute.js';
import type { Customer, CustomersChanged, CustomerStore } from './customer.js';
import type { CustomerById } from './customer.loader.js';
import { parseUpsertCustomer } from './customer.schema.js';
import { CustomerType, UpsertCustomerInput, UpsertCustomerPayload } from './customer.type.js';

export interface CustomersResolverDeps {
  readonly store: CustomerStore;
  readonly byId: CustomerById;
  readonly changed: CustomersChanged;
  readonly clock: Clock;
  readonly declared: (tenantId: string) => Promise<AttributeDeclarations>;
}

@Resolver(() => CustomerType)
export class CustomersResolver {
  readonly #store: CustomerStore;
  readonly #byId: CustomerById;
  readonly #changed: CustomersChanged;
  readonly #clock: Clock;
  readonly #declared: CustomersResolverDeps['declared'];

  constructor({ store, byId, changed, clock, declared }: CustomersResolverDeps) {
    this.#declared = declared;
    this.#store = store;
    this.#byId = byId;
    this.#changed = changed;
    this.#clock = clock;
  }

  @Query(() => CustomerType, { nullable: true, description: 'Null where the tenant knows no such customer.' })
  async customer(@Ctx() { principal, loaders }: RequestContext, @Arg('id', () => ID) id: string): Promise<Customer | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#byId).load(id);
  }

  @Mutation(() => UpsertCustomerPayload)
  async upsertCustomer(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => UpsertCustomerInput) input: UpsertCustomerInput,
  ): Promise<UpsertCustomerPayload> {
    requireRole(principal, 'server', 'admin');
    const upsert = parseUpsertCustomer(
      { id: input.id, attributes: input.attributes, at: input.at },
      await this.#declared(principal.tenantId),
      this.#clock.now(),
    );
    const { customer, isChanged } = await this.#store.upsert(principal.tenantId, upsert, this.#clock.now());
    if (isChanged) await this.#changed(principal.tenantId, [customer.id]);
    return { customer };
  }
}
