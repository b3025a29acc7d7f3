import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { CustomerIndex, IndexLog } from './customer-index.js';

export interface IndexSyncDeps {
  readonly index: CustomerIndex;
  readonly log: IndexLog;
  readonly source: OnlineRecordSource;
  readonly now: () => number;
}

const atOnce = 500;

/** Keeps the index as the truth is. What it could not write waits in the database, so nothing is lost while the index is away. */
export class IndexSync {
  readonly #deps: IndexSyncDeps;
  #stopped = false;

  constructor(deps: IndexSyncDeps) {
    this.#deps = deps;
  }

  /** Indexes all that waits. */
  async run(): Promise<void> {
    for (const tenantId of await this.#deps.log.tenants()) await this.#follow(tenantId);
  }

  /** Builds the tenant's index anew beside the present one, which answers until then. It is filled by this and later runs, of any process. */
  async rebuild(tenantId: string): Promise<void> {
    const { index, log, now } = this.#deps;
    await index.begin(tenantId);
    await log.begin(tenantId, now());
  }

  stop(): void {
    this.#stopped = true;
  }

  async #follow(tenantId: string): Promise<void> {
    const { index, log, source } = this.#deps;
    if ((await index.state(tenantId)) === 'none') await this.rebuild(tenantId);
    const step = (): Promise<boolean> => log.next(tenantId, atOnce, async (customerIds, removals) => {
      const records = customerIds.length === 0 ? [] : await source.load(tenantId, customerIds);
      if (removals.length > 0) await index.remove(tenantId, removals);
      if (records.length > 0) await index.write(tenantId, records);
      return records;
    });
    while (await step()) if (this.#stopped) return;
    const { done, total } = await log.progress(tenantId);
    if (done === total && (await index.state(tenantId)) === 'building') await index.finish(tenantId);
  }
}
