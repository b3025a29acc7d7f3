import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.js';
import type { CustomersChanged } from './customer.js';
import { customerById, onlineRecordById, type CustomerById, type OnlineRecordById } from './customer.loader.js';
import { PostgresCustomerStore } from './customers.postgres.js';
import { CustomersResolver } from './customers.resolver.js';
import type { OnlineRecords } from './online-records.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
  readonly recordById: OnlineRecordById;
}

export interface CustomersDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly records: Pick<OnlineRecords, 'read'>;
  readonly changed: CustomersChanged;
}

export function customersModule({ pool, clock, records, changed }: CustomersDeps): CustomersModule {
  const store = new PostgresCustomerStore(pool);
  const byId = customerById(store);
  return { resolvers: [new CustomersResolver({ store, byId, changed, clock })], customerById: byId, recordById: onlineRecordById(records) };
}
