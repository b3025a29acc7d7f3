import type { Pool } from 'pg';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { Clock } from '../../kernel/clock.js';
import { uuidv7 } from '../../kernel/ids.js';
import type { Elasticsearch } from '../../platform/elasticsearch.js';
import { Repeated } from '../../platform/repeated.js';
import { ElasticCustomerIndex } from './customer-index.elastic.js';
import type { CustomerIndex } from './customer-index.js';
import { PostgresIndexLog } from './index-log.postgres.js';
import { IndexSync } from './index-sync.js';

export interface IndexingDeps {
  readonly pool: Pool;
  readonly elasticsearch: Pick<Elasticsearch, 'client'>;
  readonly source: OnlineRecordSource;
  readonly clock: Clock;
  readonly onFailure: (error: unknown) => void;
}

export interface Indexing {
  readonly index: CustomerIndex;
  rebuild(tenantId: string): Promise<void>;
  progress(tenantId: string): Promise<{ readonly done: number; readonly total: number; readonly state: Awaited<ReturnType<CustomerIndex['state']>> }>;
  stop(): Promise<void>;
}

const everyMs = 500;

/** Keeps the search index as the truth is, from now on. */
export function customerIndexing({ pool, elasticsearch, source, clock, onFailure }: IndexingDeps): Indexing {
  const index = new ElasticCustomerIndex(elasticsearch.client, () => uuidv7(clock.now()));
  const log = new PostgresIndexLog(pool);
  const sync = new IndexSync({ index, log, source, now: () => clock.now() });
  const repeated = new Repeated(everyMs, () => sync.run(), onFailure);
  return {
    index,
    rebuild: tenantId => sync.rebuild(tenantId),
    progress: async tenantId => ({ ...(await log.progress(tenantId)), state: await index.state(tenantId) }),
    stop: () => {
      sync.stop();
      return repeated.stop();
    },
  };
}
