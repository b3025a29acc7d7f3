import type { Condition } from '../conditions/condition.js';
import type { FeatureReading, FeatureValue, ValueType } from '../customers/online-record.js';
import { Conflict } from '../kernel/errors.js';

/**
 * Where the values of a feature come from: `customer` is set from outside, `behavioral` is an aggregate over events, `contextual` is read from
 * the context of each request, `derived` is an expression over other features.
 */
export const featureKinds = ['customer', 'behavioral', 'contextual', 'derived'] as const;
export type FeatureKind = (typeof featureKinds)[number];

/** A typed value of a customer that decisions, segments, rules and models may read by its name. */
export interface FeatureDefinition {
  readonly name: string;
  readonly description: string;
  /** Where it is left out, it follows from the other fields: see `kindOf`. */
  readonly kind?: FeatureKind | undefined;
  readonly valueType: ValueType;
  /** How long a value counts as fresh, in milliseconds. */
  readonly ttlMs: number;
  /** Stands for a missing value where it is given. */
  readonly defaultValue?: FeatureValue | undefined;
  readonly owner?: string | undefined;
  /** What it may be used for; without any, for everything. */
  readonly purposes?: readonly string[] | undefined;
  /** Of behavioral features, and of these only. */
  readonly aggregate?: Aggregate | undefined;
  /** Of derived features, and of these only: see expression.ts. */
  readonly expression?: string | undefined;
  /** Names the way in which values that are set from outside are computed; of these features only. */
  readonly revision?: string | undefined;
  /** Which way of computing the values this is; 1 where it is left out. */
  readonly version?: number | undefined;
  /** How many changes of each customer's value are kept. */
  readonly historyLimit?: number | undefined;
  /** What may not be passed by its values. */
  readonly limits?: FeatureLimits | undefined;
}

/** Shares are of 0 to 1. */
export interface FeatureLimits {
  /** Share of customers without a value. */
  readonly nullRate?: number | undefined;
  /** Population stability index against `baseline`. */
  readonly drift?: number | undefined;
  /** Name of a saved baseline; without it, the values of the version before. */
  readonly baseline?: string | undefined;
  /** Share of the values that are older than the time to live. */
  readonly staleRate?: number | undefined;
  /** Share of what should have given a value and could not. */
  readonly errorRate?: number | undefined;
}

export const defaultHistoryLimit = 10;

export const versionOf = ({ version = 1 }: Pick<FeatureDefinition, 'version'>): number => version;
export const historyLimitOf = ({ historyLimit = defaultHistoryLimit }: Pick<FeatureDefinition, 'historyLimit'>): number => historyLimit;

export const aggregateFunctions = [
  'count', 'sum', 'mean', 'min', 'max', 'last', 'first', 'distinct', 'ratio', 'recencyDays', 'sessionDuration',
] as const;
export type AggregateFunction = (typeof aggregateFunctions)[number];

/** Which events count. */
export interface EventFilter {
  /** Type of the events; without it, of any type. */
  readonly event?: string | undefined;
  /** Of the events' properties. What is not known does not hold. */
  readonly where?: Condition | undefined;
}

/** Over the customer's events within the window before now: an event counts while it is younger than `windowMs`. */
export interface Aggregate extends EventFilter {
  readonly function: AggregateFunction;
  /** Event property that is summed, taken or told apart, or the one that names the session (`sessionId` by default); for some functions only. */
  readonly property?: string | undefined;
  /** Of `ratio`: the events that the others are a share of. */
  readonly per?: EventFilter | undefined;
  readonly windowMs: number;
  /** Events before this time do not count, in epoch milliseconds. */
  readonly since?: number | undefined;
}

export const defaultSessionProperty = 'sessionId';

export function kindOf({ kind, aggregate, expression }: FeatureDefinition): FeatureKind {
  if (kind !== undefined) return kind;
  if (aggregate !== undefined) return 'behavioral';
  return expression === undefined ? 'customer' : 'derived';
}

/** The functions that take a property of the events, and whether they need one. */
export const propertyUse: Readonly<Partial<Record<AggregateFunction, 'needed' | 'optional'>>> = {
  sum: 'needed', mean: 'needed', min: 'needed', max: 'needed', last: 'needed', first: 'needed', distinct: 'needed', sessionDuration: 'optional',
};

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
  /** Of the definition that gave the value; without a reading, of the one in force. */
  readonly version: number;
}

/** What a reader sees of a feature. A missing value stays missing unless the definition names a default. */
export function viewFeature(definition: FeatureDefinition, reading: FeatureReading | undefined, now: number): FeatureView {
  if (reading !== undefined) {
    const ageMs = now - reading.at;
    return { value: reading.value, status: isStale(definition, reading, now) ? 'STALE' : 'FRESH', ageMs, version: reading.version ?? 1 };
  }
  const value = definition.defaultValue;
  return { value, status: value === undefined ? 'MISSING' : 'DEFAULTED', ageMs: undefined, version: versionOf(definition) };
}

/**
 * How long a computed value that stays the same is left as it is, in milliseconds. It is confirmed now and then, so that it stays fresh: not each time,
 * since that would write every value again.
 */
export function restMsOf({ ttlMs }: FeatureDefinition): number {
  return ttlMs / 4;
}

/** Whether a value is older than its time to live. */
export function isStale({ ttlMs }: FeatureDefinition, { at }: FeatureReading, now: number): boolean {
  return now - at > ttlMs;
}
