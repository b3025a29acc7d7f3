import type { FeatureValue } from '../../customers/online-record.js';

/** One change of a customer's value. */
export interface FeatureChange {
  /** Numbers the changes of one value from 1. */
  readonly seq: number;
  /** Of the definition that gave the value. */
  readonly version: number;
  /** Null where the value went missing. */
  readonly value: FeatureValue | null;
  /** Time that the value was computed for. */
  readonly at: Date;
  /** From when on it could be read. */
  readonly recordedAt: Date;
}

export interface HistoryPage {
  readonly customerId: string;
  readonly name: string;
  /** Of the newest, this many are told of. */
  readonly limit: number;
  /** Those before this one. */
  readonly before: number | undefined;
  readonly first: number;
}

export interface FeatureHistory {
  /** Newest first. */
  page(tenantId: string, page: HistoryPage): Promise<readonly FeatureChange[]>;
}
