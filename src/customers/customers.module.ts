import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.js';
import type { CustomersChanged } from './customer.js';
import { customerById, type CustomerById } from './customer.loader.js';
import { PostgresCustomerStore } from './customers.postgres.js';
import { CustomersResolver } from './customers.resolver.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
}

export interface CustomersDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly changed: CustomersChanged;
}

export function customersModule({ pool, clock, changed }: CustomersDeps): CustomersModule {
  const store = new PostgresCustomerStore(pool);
  const byId = customerById(store);
  return { resolvers: [new CustomersResolver({ store, byId, changed, clock })], customerById: byId };
}
