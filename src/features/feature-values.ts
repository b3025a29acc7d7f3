import type { FeatureValue } from '../customers/online-record.js';
import type { FeatureDefinition } from './feature.js';

export interface FeatureWrite {
  readonly customerId: string;
  readonly name: string;
  readonly value: FeatureValue;
  /** Epoch milliseconds that the value was computed for. */
  readonly at: number;
}

export interface FeatureValueStore {
  /**
   * Keeps each value unless a newer one is there; of the same time, the last one written stays. Makes customers who are not there.
   * All or nothing, and twice is as good as once. Returns the customers whose values changed.
   */
  write(tenantId: string, values: readonly FeatureWrite[]): Promise<readonly string[]>;
  /** Computes aggregates anew from the event log, as of `now`, and keeps them. Returns the customers whose values changed. */
  recount(tenantId: string, what: Recount): Promise<readonly string[]>;
}

export interface Recount {
  /** Each has an aggregate. */
  readonly definitions: readonly FeatureDefinition[];
  readonly customerIds: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}
