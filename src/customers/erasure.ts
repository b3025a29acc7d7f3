import type { CustomerChanged } from './customer-changed.js';
import type { Json } from '../kernel/json.js';

/** Proves that a customer was erased, without saying who it was. */
export interface ErasureReceipt {
  readonly id: string;
  readonly erasedAt: Date;
  /** Rows that were removed or made anonymous, by where they were. */
  readonly removed: Readonly<Record<string, number>>;
  /** Made with the tenant's key of id, time, numbers and the hashes of the customer's ids. */
  readonly mac: string;
}

export interface Erased {
  readonly receipt: ErasureReceipt;
  /** All ids that the customer had; none where they had been erased before. */
  readonly ids: readonly string[];
  /** What whoever follows the customer has to hear of. */
  readonly changes: CustomerChanged['changes'];
}

export interface Verification {
  /** Whether the receipt is ours, and what it is of is as it was left. */
  readonly isGenuine: boolean;
  /** Whether it is of the id that was given; null without one. */
  readonly coversId: boolean | null;
  /** Rows by that id from before the erasure, where there still are any; empty without an id. */
  readonly remaining: Readonly<Record<string, number>>;
}

export interface Erasure {
  /** Removes all that is held of a customer, by whatever id they are asked for. Asked again, it answers with the same receipt. */
  erase(tenantId: string, customerId: string, by: { readonly actor: string; readonly now: number }): Promise<Erased>;
  verify(tenantId: string, receipt: { readonly id: string; readonly mac: string; readonly customerId: string | undefined }): Promise<Verification>;
  /**
   * All that is held of a customer. Leaves an audit entry.
   * @throws NotFound; Erased, with the id and the time of the erasure; LimitExceeded where a part has more than `mostExported` rows
   */
  exportOf(tenantId: string, customerId: string, actor: string): Promise<Readonly<Record<string, Json>>>;
}

/** Of each part. */
export const mostExported = 100_000;
