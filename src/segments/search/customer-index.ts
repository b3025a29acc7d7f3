import type { OnlineRecord } from '../../customers/online-record.js';
import type { CustomerDocument } from '../../conditions/customer-document.js';
import type { CustomerSearch } from './customer-search.js';

export interface Removal {
  readonly customerId: string;
  /** Last one that the customer had. */
  readonly version: number;
}

/** Told where a tenant's customers are not in the index yet, or not all of them. */
export class NotIndexed extends Error {}

/**
 * Holds a document of each customer: a projection of PostgreSQL that may be lost at any time. Searches reject with NotIndexed until an index has
 * been finished once.
 */
export interface CustomerIndex extends CustomerSearch {
  /** Begins another index of the tenant's customers, which is written to beside the present one, until it takes its place. */
  begin(tenantId: string): Promise<void>;
  /** `none`: neither an index nor one that was begun. */
  state(tenantId: string): Promise<'none' | 'building' | 'ready'>;
  /** Keeps each document, unless a newer one is there, in each index of the tenant. Idempotent. Seen by searches within seconds. */
  write(tenantId: string, records: readonly OnlineRecord[]): Promise<void>;
  /** What searches see, in the order of the ids; undefined where there is nothing. */
  read(tenantId: string, customerIds: readonly string[]): Promise<readonly (CustomerDocument | undefined)[]>;
  remove(tenantId: string, removals: readonly Removal[]): Promise<void>;
  /** Puts the index that was begun in the place of the present one, at once. */
  finish(tenantId: string): Promise<void>;
}

/** What the truth says of how far the index has come. */
export interface IndexLog {
  /** Tenants who have anything to index, or have never been indexed. */
  tenants(): Promise<readonly string[]>;
  /** From now on all of the tenant's customers are to be indexed anew. */
  begin(tenantId: string, now: number): Promise<void>;
  /**
   * Hands the next customers and removals to `index`, and notes that they are there when it resolves. One at a time for each tenant.
   * @returns false where somebody else is at it, or nothing is left
   */
  next(tenantId: string, limit: number, index: (customerIds: readonly string[], removals: readonly Removal[]) => Promise<readonly OnlineRecord[]>): Promise<boolean>;
  progress(tenantId: string): Promise<{ readonly done: number; readonly total: number }>;
}
