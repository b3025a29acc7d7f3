import type { Pool } from 'pg';
import type { CustomersChanged } from './customer.js';
import { customerById, type CustomerById } from './customer.loader.js';
import { PostgresCustomerStore } from './customers.postgres.js';
import { CustomersResolver } from './customers.resolver.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
}

export function customersModule({ pool, changed }: { readonly pool: Pool; readonly changed: CustomersChanged }): CustomersModule {
  const store = new PostgresCustomerStore(pool);
  const byId = customerById(store);
  return { resolvers: [new CustomersResolver(store, byId, changed)], customerById: byId };
}
