import { isOfType, type FeatureValue } from '../customers/online-record.js';
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
   * Keeps each value unless a newer one is there; of several of one time the greatest as JSON, so that their order never matters. Makes
   * customers who are not there. All or nothing, and twice is as good as once. Returns the customers who changed.
   */
  write(tenantId: string, values: readonly FeatureWrite[], now: number): Promise<readonly string[]>;
}

/** What the log holds of one customer's events within an aggregate's window. */
export interface EventSums {
  readonly count: number;
  /** Of the numbers that the property has; exact decimal digits. */
  readonly sum: string | null;
  /** The newest value of the property that is of the JSON type of the feature. */
  readonly last: unknown;
  /** Of the newest event, in epoch milliseconds; null where there is none. */
  readonly newestAt: number | null;
}

const dayMs = 86_400_000;
const longestText = 1000;

/** The value of an aggregate at `now`; undefined where nothing in the window gives one. */
export function aggregateOf({ valueType, aggregate }: FeatureDefinition, { count, sum, last, newestAt }: EventSums, now: number): FeatureValue | undefined {
  const it = aggregate?.function;
  if (it === 'count') return count;
  // A sum of very large numbers leaves what a number can hold.
  if (it === 'sum') return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, Number(sum ?? 0)));
  if (it === 'last') return isFeatureValue(last) && isOfType(last, valueType) ? last : undefined;
  return it === 'recencyDays' && newestAt !== null ? Math.max(0, now - newestAt) / dayMs : undefined;
}

function isFeatureValue(value: unknown): value is FeatureValue {
  if (Array.isArray(value)) return value.length <= longestText && value.every(it => typeof it === 'string' && it.length <= longestText);
  return typeof value === 'string' ? value.length <= longestText : typeof value === 'number' || typeof value === 'boolean';
}
