import type { OnlineRecord } from './online-record.js';

export type HeldRecords = readonly (OnlineRecord | undefined)[];

/** Holds the online records: a projection of PostgreSQL that may be emptied at any time. */
export interface OnlineStore {
  /**
   * In the order of the ids; undefined where nothing is held, which says nothing about whether the customer exists. One round trip, or
   * none and no promise where the records are in the process.
   */
  read(tenantId: string, customerIds: readonly string[]): Promise<HeldRecords> | HeldRecords;
  /** Keeps each record unless a newer version is held already. Idempotent. */
  write(tenantId: string, records: readonly OnlineRecord[]): Promise<void>;
  /** Drops what is held. */
  forget(tenantId: string, customerIds: readonly string[]): Promise<void>;
  /** Drops all that is held of the tenant; what is written meanwhile may be dropped as well. */
  clear(tenantId: string): Promise<void>;
}

/** How long a stranger is taken for one without looking again, in milliseconds. */
export const strangerTtlMs = 60_000;
