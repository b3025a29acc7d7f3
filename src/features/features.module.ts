import type { Pool } from 'pg';
import type { CustomersChanged } from '../customers/customer.js';
import type { OnlineRecords } from '../customers/online-records.js';
import type { Clock } from '../kernel/clock.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { CustomerFeaturesResolver, type OnlineRecordById } from './customer-features.resolver.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import { features, parseFeature } from './feature.schema.js';
import { PostgresFeatureValueStore } from './feature-values.postgres.js';
import { FeatureValuesResolver } from './feature-values.resolver.js';

export interface FeaturesDeps {
  readonly pool: Pool;
  readonly definitions: Definitions;
  readonly clock: Clock;
  readonly customers: Pick<OnlineRecords, 'read'>;
  readonly changed: CustomersChanged;
}

export interface FeaturesModule {
  readonly resolvers: readonly object[];
  /** Computes aggregates of these customers anew, after events of these types have come. */
  readonly eventsCame: (tenantId: string, customerIds: readonly string[], types: ReadonlySet<string>) => Promise<void>;
}

const patienceMs = 5000;

export function featuresModule({ pool, definitions, clock, customers, changed }: FeaturesDeps): FeaturesModule {
  const store = new PostgresFeatureValueStore(pool);
  const catalogue: FeatureCatalogue = {
    async definitions(tenantId) {
      const all = await definitions.list(tenantId, 'feature', { first: mostOfAKind });
      return new Map(all.map(({ body }) => parseFeature(body)).map(it => [it.name, it]));
    },
  };
  const recordById: OnlineRecordById = {
    name: 'online record by customer',
    loadMany: async (ids, tenantId) => (await customers.read(tenantId, ids, patienceMs)).map(it => it.record),
  };
  return {
    resolvers: [
      new FeatureValuesResolver({ store, catalogue, clock, changed }),
      new CustomerFeaturesResolver(recordById, definitionListLoader(definitions, features), clock),
    ],
    async eventsCame(tenantId, customerIds, types) {
      const touched = [...(await catalogue.definitions(tenantId)).values()].filter(({ aggregate }) => aggregate !== undefined && types.has(aggregate.event));
      if (touched.length > 0) await changed(tenantId, await store.recount(tenantId, { definitions: touched, customerIds, now: clock.now() }));
    },
  };
}
