import type { FeatureValue } from '../customers/online-record.js';

export interface FeatureWrite {
  readonly customerId: string;
  readonly name: string;
  readonly value: FeatureValue;
  /** Epoch milliseconds that the value was computed for. */
  readonly at: number;
  /** Of the definition. */
  readonly version: number;
  /** How many changes of the value are kept. */
  readonly historyLimit: number;
}

export interface FeatureValueStore {
  /**
   * Keeps each value unless a newer one is there; of several of one time the greatest as JSON, so that their order never matters. Makes
   * customers who are not there. All or nothing, and twice is as good as once. Returns the customers who changed.
   */
  write(tenantId: string, values: readonly FeatureWrite[], now: number): Promise<readonly string[]>;
}
