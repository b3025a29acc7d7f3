import type { Pool } from 'pg';
import type { CustomersChanged } from '../customers/customer.js';
import type { OnlineRecordById } from '../customers/customer.loader.js';
import type { Clock } from '../kernel/clock.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { CustomerFeaturesResolver } from './customer-features.resolver.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import { features, parseFeature } from './feature.schema.js';
import { PostgresFeatureValueStore } from './feature-values.postgres.js';
import { FeatureValuesResolver } from './feature-values.resolver.js';

export interface FeaturesDeps {
  readonly pool: Pool;
  readonly definitions: Definitions;
  readonly clock: Clock;
  readonly recordById: OnlineRecordById;
  readonly changed: CustomersChanged;
}

export interface FeaturesModule {
  readonly resolvers: readonly object[];
}

export function featuresModule({ pool, definitions, clock, recordById, changed }: FeaturesDeps): FeaturesModule {
  const store = new PostgresFeatureValueStore(pool);
  const catalogue: FeatureCatalogue = {
    async definitions(tenantId) {
      const all = await definitions.list(tenantId, 'feature', { first: mostOfAKind });
      return new Map(all.map(({ body }) => parseFeature(body)).map(it => [it.name, it]));
    },
  };
  return {
    resolvers: [
      new FeatureValuesResolver({ store, catalogue, clock, changed }),
      new CustomerFeaturesResolver(recordById, definitionListLoader(definitions, features), clock),
    ],
  };
}
