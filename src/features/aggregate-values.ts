import type { FeatureValue, ValueType } from '../customers/online-record.js';
import type { Json } from '../kernel/json.js';
import type { Counted, Partials } from './aggregate-sql.js';

/** What a statement answers of a customer: exact digits as text, or null. */
export type AggregateRow = Readonly<Record<string, string | number | null>>;

const [hourMs, dayMs] = [3_600_000, 86_400_000];
const longestText = 1000;

/** The value of an aggregate; undefined where nothing in the window gives one. */
export function aggregateValue({ valueType }: Counted, partials: Partials, row: AggregateRow | undefined): FeatureValue | undefined {
  const cell = (column: string): AggregateRow[string] | undefined => row?.[column];
  const read = (column: string): number | undefined => numberOf(cell(column));
  switch (partials.of) {
    case 'count': case 'distinct': case 'sum': return bounded(read(partials.column));
    case 'mean': case 'ratio': return quotient(read(partials.sum), read(partials.count));
    case 'sessionDuration': return quotient(read(partials.sum), read(partials.count), 1000);
    case 'min': case 'max': return read(partials.column);
    case 'recencyDays': return recencyDays(read(partials.column));
    case 'last': case 'first': return valueIn(cell(partials.column), valueType);
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
const bounded = (value = 0): number => Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value));

function quotient(sum: number | undefined, count: number | undefined, unit = 1): number | undefined {
  return count === undefined || count === 0 ? undefined : bounded(sum) / count / unit;
}

function valueIn(text: string | number | null | undefined, type: ValueType): FeatureValue | undefined {
  return typeof text === 'string' ? fitting(JSON.parse(text) as Json, type) : undefined;
}

/** What a feature may hold: texts and lists are bounded. */
function fitting(value: Json, type: ValueType): FeatureValue | undefined {
  if (Array.isArray(value)) return type === 'strings' && value.length <= longestText && value.every(isShortText) ? value : undefined;
  if (typeof value === 'string') return type === 'string' && isShortText(value) ? value : undefined;
  return (typeof value === 'number' || typeof value === 'boolean') && typeof value === type ? value : undefined;
}

const isShortText = (value: Json): value is string => typeof value === 'string' && value.length <= longestText;
