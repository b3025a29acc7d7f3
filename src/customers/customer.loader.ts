import type { LoaderKey } from '../graphql/loader-scope.js';
import type { Customer, CustomerStore } from './customer.js';

export type CustomerById = LoaderKey<string, Customer | null>;

export function customerById(store: Pick<CustomerStore, 'findByIds'>): CustomerById {
  return {
    name: 'customer by id',
    async loadMany(ids, tenantId) {
      const found = new Map((await store.findByIds(tenantId, ids)).map(it => [it.id, it]));
      return ids.map(id => found.get(id) ?? null);
    },
  };
}
