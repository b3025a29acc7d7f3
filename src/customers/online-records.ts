import { strangerRecord, type OnlineRecord } from './online-record.js';
import { strangerTtlMs, type HeldRecords, type OnlineStore } from './online-store.js';

/** The truth that records are made from. */
export interface OnlineRecordSource {
  /** One for each id, in any order; a customer who is not there has a stranger's record, or none. */
  load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]>;
}

export interface ReadRecord {
  readonly record: OnlineRecord | undefined;
  readonly source: 'store' | 'database' | 'stale copy' | 'none';
}

export interface OnlineRecordsDeps {
  readonly store: OnlineStore;
  readonly source: OnlineRecordSource;
  readonly onFailure: (error: unknown) => void;
  /** Copies kept for the time when neither answers. */
  readonly copies: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const none: ReadRecord = { record: undefined, source: 'none' };

/** Reads records from the store, fills what it lacks from the truth, and falls back on what this process saw last. */
export class OnlineRecords {
  readonly #deps: OnlineRecordsDeps;
  readonly #copies = new Map<string, OnlineRecord>();
  readonly #loading = new Map<string, Promise<OnlineRecord | undefined>>();

  constructor(deps: OnlineRecordsDeps) {
    this.#deps = deps;
  }

  /** In the order of the ids. What has not come within the time is answered from the copies, or as `none`; nothing is thrown. */
  async read(tenantId: string, customerIds: readonly string[], withinMs: number): Promise<readonly ReadRecord[]> {
    const found: ReadRecord[] = [];
    const held = this.#deps.store.read(tenantId, customerIds);
    // Where all are in the process there is nothing to wait for.
    const work = held instanceof Promise ? this.#fill(tenantId, customerIds, held, found) : this.#take(tenantId, customerIds, held, found);
    if (work !== undefined) await raced(work.catch(this.#deps.onFailure), withinMs);
    return customerIds.map((id, i) => found[i] ?? this.#copyOf(tenantId, id));
  }

  /** Drops the copies of these customers that are kept for the time when nobody answers. */
  forget(tenantId: string, customerIds: readonly string[]): void {
    for (const id of customerIds) this.#copies.delete(keyOf(tenantId, id));
  }

  /** Drops all copies. */
  forgetAll(): void {
    this.#copies.clear();
  }

  async #fill(tenantId: string, customerIds: readonly string[], held: Promise<HeldRecords>, found: ReadRecord[]): Promise<void> {
    const records = await held.catch((error: unknown) => {
      this.#deps.onFailure(error);
      return [];
    });
    await this.#take(tenantId, customerIds, records, found);
  }

  /** Undefined where nothing is missing. */
  #take(tenantId: string, customerIds: readonly string[], held: HeldRecords, found: ReadRecord[]): Promise<void> | undefined {
    const missing: number[] = [];
    for (const [i, id] of customerIds.entries()) {
      const record = held[i];
      if (record === undefined) missing.push(i);
      else {
        found[i] = { record, source: 'store' };
        this.#remember(tenantId, id, record);
      }
    }
    return missing.length > 0 ? this.#load(tenantId, customerIds, missing, found) : undefined;
  }

  /** Customers that are being loaded for somebody else are awaited with them. */
  async #load(tenantId: string, customerIds: readonly string[], missing: readonly number[], found: ReadRecord[]): Promise<void> {
    const wanted = missing.map(i => customerIds[i] ?? '');
    const fresh = [...new Set(wanted)].filter(id => !this.#loading.has(keyOf(tenantId, id)));
    if (fresh.length > 0) {
      const batch = this.#loadBatch(tenantId, fresh);
      for (const id of fresh) {
        const key = keyOf(tenantId, id);
        this.#loading.set(key, batch.then(records => records.get(id)).finally(() => this.#loading.delete(key)));
      }
    }
    await Promise.all(missing.map(async i => {
      const record = await this.#loading.get(keyOf(tenantId, customerIds[i] ?? ''));
      if (record !== undefined) found[i] = { record, source: 'database' };
    }));
  }

  async #loadBatch(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, OnlineRecord>> {
    const since = this.#deps.now();
    const loaded = new Map((await this.#deps.source.load(tenantId, ids)).map(it => [it.customerId, it]));
    const records = ids.map(id => loaded.get(id) ?? strangerRecord(id));
    for (const record of records) this.#remember(tenantId, record.customerId, record);
    // Nobody waits for it: a store that is slow to take them holds no answer back.
    this.#keep(tenantId, records, since).catch(this.#deps.onFailure);
    return new Map(records.map(it => [it.customerId, it]));
  }

  /** Who is erased is held as a stranger for a while, which keeps older records out; who writes later than that looks whether they are still there. */
  async #keep(tenantId: string, records: readonly OnlineRecord[], since: number): Promise<void> {
    const { store, source, now } = this.#deps;
    await store.write(tenantId, records);
    if (now() - since < strangerTtlMs / 2) return;
    const ids = records.filter(it => it.known).map(it => it.customerId);
    const there = new Set((await source.load(tenantId, ids)).filter(it => it.known).map(it => it.customerId));
    await store.forget(tenantId, ids.filter(it => !there.has(it)));
  }

  #remember(tenantId: string, id: string, record: OnlineRecord): void {
    if (this.#deps.copies === 0) return;
    const key = keyOf(tenantId, id);
    this.#copies.delete(key);
    this.#copies.set(key, record);
    if (this.#copies.size <= this.#deps.copies) return;
    const [oldest] = this.#copies.keys();
    if (oldest !== undefined) this.#copies.delete(oldest);
  }

  #copyOf(tenantId: string, id: string): ReadRecord {
    const record = this.#copies.get(keyOf(tenantId, id));
    return record === undefined ? none : { record, source: 'stale copy' };
  }
}

const keyOf = (tenantId: string, customerId: string): string => `${tenantId.length}:${tenantId}${customerId}`;

function raced(work: Promise<void>, withinMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(resolve, withinMs);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
