import type { LoaderKey } from '../graphql/loader-scope.js';
import { DependencyUnavailable } from '../kernel/errors.js';
import type { Customer, CustomerStore } from './customer.js';
import type { OnlineRecord } from './online-record.js';
import type { OnlineRecords } from './online-records.js';

export type CustomerById = LoaderKey<string, Customer | null>;
export type OnlineRecordById = LoaderKey<string, OnlineRecord>;

const patienceMs = 5000;

export function customerById(store: Pick<CustomerStore, 'findByIds'>): CustomerById {
  return {
    name: 'customer by id',
    async loadMany(ids, tenantId) {
      const found = await store.findByIds(tenantId, ids);
      return ids.map(id => found.get(id) ?? null);
    },
  };
}

/** What decisions see of a customer: whoever shows a part of it asks here, so that it is read once. */
export function onlineRecordById(records: Pick<OnlineRecords, 'read'>): OnlineRecordById {
  return {
    name: 'online record by customer',
    async loadMany(ids, tenantId) {
      const found = await records.read(tenantId, ids, patienceMs);
      return found.map(({ record }) => record ?? new DependencyUnavailable('What is known of a customer could not be read.'));
    },
  };
}
