import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Customer, CustomersChanged, CustomerStore } from './customer.js';
import type { CustomerById } from './customer.loader.js';
import { parseUpsertCustomer } from './customer.schema.js';
import { CustomerType, UpsertCustomerInput, UpsertCustomerPayload } from './customer.type.js';

@Resolver(() => CustomerType)
export class CustomersResolver {
  readonly #store: CustomerStore;
  readonly #byId: CustomerById;
  readonly #changed: CustomersChanged;

  constructor(store: CustomerStore, byId: CustomerById, changed: CustomersChanged) {
    this.#store = store;
    this.#byId = byId;
    this.#changed = changed;
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
    const { id, attributes } = parseUpsertCustomer({ ...input });
    const customer = await this.#store.upsert(principal.tenantId, id, attributes);
    await this.#changed(principal.tenantId, [id]);
    return { customer };
  }
}
