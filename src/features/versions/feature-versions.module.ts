import type { Pool } from 'pg';
import type { CustomersChanged } from '../../customers/customer.js';
import type { Clock } from '../../kernel/clock.js';
import type { Definitions } from '../../tenants/definitions.js';
import { parseExpression } from '../expression.schema.js';
import { featureCandidates, features } from '../feature.schema.js';
import { FeatureJobs } from './feature-jobs.js';
import { PostgresJobPages } from './feature-jobs.postgres.js';
import { PostgresFeatureVersionStore } from './feature-version-store.postgres.js';
import { FeatureVersions } from './feature-versions.js';
import { FeatureVersionsResolver } from './feature-versions.resolver.js';

export interface FeatureVersionsDeps {
  readonly pool: Pool;
  readonly definitions: Definitions;
  readonly clock: Clock;
  readonly changed: CustomersChanged;
  readonly onFailure: (error: unknown) => void;
}

export interface FeatureVersionsModule {
  readonly resolvers: readonly object[];
  readonly versions: FeatureVersions;
  readonly jobs: FeatureJobs;
}

export function featureVersionsModule({ pool, definitions, clock, changed, onFailure }: FeatureVersionsDeps): FeatureVersionsModule {
  const now = (): number => clock.now();
  const jobs = new FeatureJobs({ pages: new PostgresJobPages(pool, definitions), changed, now, onFailure });
  const versions = new FeatureVersions({
    definitions,
    store: new PostgresFeatureVersionStore(pool),
    kinds: { live: features, candidate: featureCandidates },
    parseExpression,
    wake: () => void jobs.work(),
    now,
  });
  return { resolvers: [new FeatureVersionsResolver(versions)], versions, jobs };
}
