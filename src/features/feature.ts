import type { FeatureReading, FeatureValue, ValueType } from '../customers/online-record.js';
import { Conflict } from '../kernel/errors.js';

/** A typed value of a customer that decisions, segments, rules and models may read by its name. */
export interface FeatureDefinition {
  readonly name: string;
  readonly description: string;
  readonly valueType: ValueType;
  /** How long a value counts as fresh, in milliseconds. */
  readonly ttlMs: number;
  /** Stands for a missing value where it is given. */
  readonly defaultValue?: FeatureValue | undefined;
  readonly owner?: string | undefined;
  /** Computed from the event log; without it, values are set from outside. */
  readonly aggregate?: Aggregate | undefined;
}

/** Over the customer's events of one type within the window before now. */
export interface Aggregate {
  readonly function: 'count' | 'sum' | 'last' | 'recencyDays';
  readonly event: string;
  /** Event property that is summed or taken; not for `count` and `recencyDays`. */
  readonly property?: string | undefined;
  readonly windowMs: number;
}

/**
 * The value type stays as it is for a feature's life: values are stored, and conditions and models written, for it.
 * @throws Conflict where it does not
 */
export function checkSameType(before: FeatureDefinition | undefined, after: FeatureDefinition): void {
  if (before !== undefined && before.valueType !== after.valueType) {
    throw new Conflict('The value type of a feature stays as it is; make another feature', { details: { path: '/valueType' } });
  }
}

export type FeatureStatus = 'FRESH' | 'STALE' | 'MISSING' | 'DEFAULTED';

export interface FeatureView {
  readonly value: FeatureValue | undefined;
  readonly status: FeatureStatus;
  /** Milliseconds since the time that the value was computed for; undefined without a reading. */
  readonly ageMs: number | undefined;
}

/** What a reader sees of a feature. A missing value stays missing unless the definition names a default. */
export function viewFeature(definition: FeatureDefinition, reading: FeatureReading | undefined, now: number): FeatureView {
  if (reading !== undefined) {
    const ageMs = now - reading.at;
    return { value: reading.value, status: ageMs > definition.ttlMs ? 'STALE' : 'FRESH', ageMs };
  }
  const value = definition.defaultValue;
  return { value, status: value === undefined ? 'MISSING' : 'DEFAULTED', ageMs: undefined };
}
