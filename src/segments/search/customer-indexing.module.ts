import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { Clock } from '../../kernel/clock.js';
import { uuidv7 } from '../../kernel/ids.js';
import type { Elasticsearch } from '../../platform/elasticsearch.js';
import { Repeated } from '../../platform/repeated.js';
import type { Memberships } from '../memberships.js';
import { indexRebuild } from '../rebuild/index-rebuild.js';
import type { Rebuildable } from '../rebuild/rebuild.js';
import { ElasticCustomerIndex } from './customer-index.elastic.js';
import type { CustomerIndex } from './customer-index.js';
import { PostgresIndexLog } from './index-log.postgres.js';
import { IndexSync } from './index-sync.js';

export interface IndexingDeps {
  readonly pool: Pool;
  readonly elasticsearch: Pick<Elasticsearch, 'client'>;
  readonly source: OnlineRecordSource;
  readonly customerIds: Memberships['customerIds'];
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

export interface Indexing {
  readonly index: CustomerIndex;
  readonly rebuildable: Rebuildable;
  stop(): Promise<void>;
}

const everyMs = 500;

/** Keeps the search index as the truth is, from now on. */
export function customerIndexing({ pool, elasticsearch, source, customerIds, clock, onFailure }: IndexingDeps): Indexing {
  const index = new ElasticCustomerIndex(elasticsearch.client, () => uuidv7(clock.now()));
  const log = new PostgresIndexLog(pool);
  const sync = new IndexSync({ index, log, source, now: () => clock.now() });
  const repeated = new Repeated(everyMs, () => sync.run(), onFailure);
  return {
    index,
    rebuildable: indexRebuild({ index, log, source, customerIds, rebuild: tenantId => sync.rebuild(tenantId), wait: () => sleep(everyMs, undefined, { ref: false }) }),
    stop: () => {
      sync.stop();
      return repeated.stop();
    },
  };
}
