import { LRUCache } from 'lru-cache';
import type { OnlineRecord } from './online-record.js';
import { strangerTtlMs, type HeldRecords, type OnlineStore } from './online-store.js';

/** Holds records in the process: at most `capacity`, those that were not asked for longest going first. */
export class MemoryOnlineStore implements OnlineStore {
  readonly #records: LRUCache<string, OnlineRecord>;

  constructor(capacity = 100_000) {
    this.#records = new LRUCache({ max: capacity });
  }

  read(tenantId: string, customerIds: readonly string[]): HeldRecords {
    return customerIds.map(id => this.#records.get(keyOf(tenantId, id)));
  }

  async write(tenantId: string, records: readonly OnlineRecord[]): Promise<void> {
    for (const record of records) {
      const key = keyOf(tenantId, record.customerId);
      const held = this.#records.peek(key);
      if (held === undefined || record.version > held.version) this.#records.set(key, record, record.known ? {} : { ttl: strangerTtlMs });
    }
  }

  async forget(tenantId: string, customerIds: readonly string[]): Promise<void> {
    for (const id of customerIds) this.#records.delete(keyOf(tenantId, id));
  }

  async clear(tenantId: string): Promise<void> {
    const prefix = keyOf(tenantId, '');
    for (const key of [...this.#records.keys()]) if (key.startsWith(prefix)) this.#records.delete(key);
  }
}

/** The length keeps ("a", "bc") and ("ab", "c") apart. */
const keyOf = (tenantId: string, customerId: string): string => `${tenantId.length}:${tenantId}${customerId}`;
