import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { CustomersChanged } from '../customers/customer.js';
import type { OnlineRecordById } from '../customers/customer.loader.js';
import type { OnlineRecord } from '../customers/online-record.js';
import type { OnlineRecords } from '../customers/online-records.js';
import type { Clock } from '../kernel/clock.js';
import { configTopic, type Bus } from '../platform/bus.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import type { ConfigurationChanged, Definitions } from '../tenants/definitions.js';
import { FeatureBatchResolver } from './batch/batch.resolver.js';
import { PostgresParities } from './batch/parity.postgres.js';
import { PostgresRecomputes } from './batch/recompute.postgres.js';
import { CustomerFeaturesResolver } from './customer-features.resolver.js';
import type { FeatureDefinition } from './feature.js';
import { parseFeature } from './feature.schema.js';
import { PostgresFeatureValueStore, type HoldCustomers } from './feature-values.postgres.js';
import { FeatureValuesResolver } from './feature-values.resolver.js';
import { FeatureHistoryResolver } from './history/feature-history.resolver.js';
import { PostgresFeatureHistory } from './history/history.postgres.js';
import type { PointInTime } from './history/point-in-time.js';
import { PostgresPointInTime } from './history/point-in-time.postgres.js';
import { FollowedCatalogue } from './followed-catalogue.js';
import { OnlineFeatures } from './online-features.js';
import type { FeatureHealths } from './versions/feature-health.js';
import { PostgresFeatureHealths } from './versions/feature-health.postgres.js';
import type { FeatureJobs } from './versions/feature-jobs.js';
import type { FeatureVersions } from './versions/feature-versions.js';
import { featureVersionsModule } from './versions/feature-versions.module.js';

export interface FeaturesDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly definitions: Definitions;
  readonly hold: HoldCustomers;
  readonly clock: Clock;
  readonly records: Pick<OnlineRecords, 'read'>;
  readonly recordById: OnlineRecordById;
  readonly changed: CustomersChanged;
  /** All that is computed of the tenant's customers, what conditions count included. */
  readonly live: (tenantId: string) => Promise<readonly FeatureDefinition[]>;
  readonly onFailure: (error: unknown) => void;
}

export interface FeaturesModule {
  readonly resolvers: readonly object[];
  /** Resolves when nothing runs in the background any more. */
  readonly close: () => Promise<void>;
  readonly pointInTime: PointInTime;
  readonly versions: FeatureVersions;
  readonly health: FeatureHealths;
  /** Of all tenants: to be started once. */
  readonly jobs: FeatureJobs;
}

/** Whoever asks for features alone waits this long for the store and the database behind it. */
const patienceMs = 5000;

export function featuresModule({ pool, bus, definitions, hold, clock, records, recordById, changed, live, onFailure }: FeaturesDeps): FeaturesModule {
  const store = new PostgresFeatureValueStore(pool, hold);
  const catalogue = new FollowedCatalogue({
    async read(tenantId) {
      const all = await definitions.list(tenantId, 'feature', { first: mostOfAKind });
      return new Map(all.map(({ body }) => parseFeature(body)).map(it => [it.name, it]));
    },
    follow: (tenantId, onChange) => bus.subscribe(configTopic(tenantId), event => {
      const change = event.kind === 'message' ? (event.message as unknown as ConfigurationChanged) : undefined;
      if (change?.subjects.every(({ kind }) => kind !== 'feature') !== true) onChange();
    }),
  });
  const now = (): number => clock.now();
  const read = async (tenantId: string, ids: readonly string[]): Promise<readonly (OnlineRecord | undefined)[]> =>
    (await records.read(tenantId, ids, patienceMs)).map(it => it.record);
  const online = new OnlineFeatures({ read, catalogue, now });
  const recomputes = new PostgresRecomputes({ pool, live, changed, now, newId: randomUUID, onFailure });
  const pointInTime = new PostgresPointInTime(pool, definitions);
  const { versions, jobs, resolvers } = featureVersionsModule({ pool, definitions, clock, changed, onFailure });
  return {
    pointInTime,
    versions,
    health: new PostgresFeatureHealths(pool, definitions),
    jobs,
    resolvers: [
      ...resolvers,
      new FeatureValuesResolver({ store, catalogue, clock, changed }),
      new FeatureHistoryResolver({ history: new PostgresFeatureHistory(pool), pointInTime, catalogue, clock }),
      new CustomerFeaturesResolver({ online, recordById, catalogue, clock }),
      new FeatureBatchResolver(recomputes, new PostgresParities({ pool, live, read, now, newSeed: randomUUID })),
    ],
    async close() {
      await Promise.all([recomputes.stop(), jobs.stop()]);
    },
  };
}
