import { isOfType, type FeatureValue } from '../customers/online-record.js';
import type { Json } from '../kernel/json.js';
import type { Counted, Partials } from './aggregate-sql.js';

/** What a statement answers of a customer: exact digits as text, or null. */
export type AggregateRow = Readonly<Record<string, string | number | null>>;

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const longestText = 1000;

/** The value of an aggregate; undefined where nothing in the window gives one. */
export function aggregateValue({ valueType }: Counted, partials: Partials, row: AggregateRow | undefined): FeatureValue | undefined {
  const read = (column: string): number | undefined => numberOf(row?.[column]);
  switch (partials.of) {
    case 'count': case 'distinct': return read(partials.column) ?? 0;
    case 'sum': return bounded(read(partials.sum) ?? 0);
    case 'mean': case 'ratio': return quotient(read(partials.sum), read(partials.count));
    case 'sessionDuration': return quotient(read(partials.sum), read(partials.count), 1000);
    case 'min': case 'max': return read(partials.column);
    case 'recencyDays': return recencyDays(read(partials.column));
    case 'last': case 'first': {
      const text = row?.[partials.column];
      const value = typeof text === 'string' ? (JSON.parse(text) as Json) : undefined;
      return isFeatureValue(value) && isOfType(value, valueType) ? value : undefined;
    }
  }
}

/**
 * Days since an event that is `ageMs` old: in whole hours for the first two days, then in whole days, so that the value stays what it is from one
 * step to the next.
 */
export function recencyDays(ageMs: number | undefined): number | undefined {
  if (ageMs === undefined) return undefined;
  const step = recencyStep(ageMs);
  return (Math.floor(ageMs / step) * step) / dayMs;
}

/** In how many milliseconds `recencyDays` takes its next step. */
export function nextRecencyMs(ageMs: number): number {
  const step = recencyStep(ageMs);
  return step - (ageMs % step);
}

const recencyStep = (ageMs: number): number => (ageMs < 2 * dayMs ? hourMs : dayMs);

export function numberOf(digits: string | number | null | undefined): number | undefined {
  return digits === null || digits === undefined ? undefined : Number(digits);
}

/** A sum of very large numbers leaves what a number can hold. */
const bounded = (value: number): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

function quotient(sum: number | undefined, count: number | undefined, unit = 1): number | undefined {
  return count === undefined || count === 0 ? undefined : bounded(sum ?? 0) / count / unit;
}

function isFeatureValue(value: Json | undefined): value is FeatureValue {
  if (Array.isArray(value)) return value.length <= longestText && value.every(it => typeof it === 'string' && it.length <= longestText);
  return typeof value === 'string' ? value.length <= longestText : typeof value === 'number' || typeof value === 'boolean';
}
