import type { Pool } from 'pg';
import type { CustomersChanged } from '../customers/customer.js';
import type { OnlineRecords } from '../customers/online-records.js';
import type { EventsDeps } from '../events/events.module.js';
import type { Clock } from '../kernel/clock.js';
import { DependencyUnavailable } from '../kernel/errors.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { CustomerFeaturesResolver, type OnlineRecordById } from './customer-features.resolver.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import { features, parseFeature } from './feature.schema.js';
import { PostgresFeatureValueStore, recount } from './feature-values.postgres.js';
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
  /** Counts aggregates anew where events come. */
  readonly eventsCame: EventsDeps['came'];
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
    async loadMany(ids, tenantId) {
      const found = await customers.read(tenantId, ids, patienceMs);
      return found.map(({ record }) => record ?? new DependencyUnavailable('The features of a customer could not be read.'));
    },
  };
  return {
    resolvers: [
      new FeatureValuesResolver({ store, catalogue, clock, changed }),
      new CustomerFeaturesResolver(recordById, definitionListLoader(definitions, features), clock),
    ],
    eventsCame: {
      async plan(tenantId, types) {
        const all = [...(await catalogue.definitions(tenantId)).values()];
        const touched = all.filter(({ aggregate }) => aggregate !== undefined && types.has(aggregate.event));
        return (client, customerIds, now) => recount(client, tenantId, { definitions: touched, customerIds, now });
      },
      changed,
    },
  };
}
