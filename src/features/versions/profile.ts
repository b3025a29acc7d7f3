import type { FeatureValue } from '../../customers/online-record.js';
import { chanceStability, momentsOf, quantileOf, stabilityIndex } from '../../kernel/statistics.js';

export const quantilesTold = [0.05, 0.25, 0.5, 0.75, 0.95] as const;

/** Numbers by the edges between bins, other values by name, those without a name together in a last bin. */
export type Bins =
  | { readonly of: 'numbers'; readonly edges: readonly number[]; readonly counts: readonly number[] }
  | { readonly of: 'names'; readonly names: readonly string[]; readonly counts: readonly number[] };

/** How the values of some customers are distributed. */
export interface Profile {
  readonly customers: number;
  readonly missing: number;
  /** Of numbers; null where there is none. */
  readonly mean: number | null;
  /** As `quantilesTold`; empty where there is no number. */
  readonly quantiles: readonly number[];
  readonly bins: Bins;
}

export interface Drift {
  readonly index: number;
  /** What chance alone passes once in a thousand times, with samples as large as these. */
  readonly byChance: number;
}

type Values = readonly (FeatureValue | null)[];

const mostBins = 10;
/** Fewer values than these say nothing of a distribution. */
const leastValues = 50;

/** @param values null where missing */
export function profileOf(values: Values): Profile {
  const present = values.filter(it => it !== null);
  const numbers = present.filter(it => typeof it === 'number').sort((a, b) => a - b);
  return {
    customers: values.length,
    missing: values.length - present.length,
    mean: numbers.length === 0 ? null : momentsOf(numbers).mean,
    quantiles: numbers.length === 0 ? [] : quantilesTold.map(it => quantileOf(numbers, it)),
    bins: numbers.length > 0 ? binsOfNumbers(numbers) : binsOfNames(present),
  };
}

export const nullRateOf = ({ customers, missing }: Profile): number => (customers === 0 ? 0 : missing / customers);

/**
 * How far values have drifted from a baseline, in the baseline's bins. What is missing is no value: the null rate tells of it.
 * @returns undefined where there are too few values, here or there
 */
export function driftFrom({ bins }: Profile, values: Values): Drift | undefined {
  const present = values.filter(it => it !== null);
  const expected = bins.counts.reduce((sum, it) => sum + it, 0);
  if (expected < leastValues || present.length < leastValues) return undefined;
  const actual = countsIn(bins, present);
  return { index: stabilityIndex(bins.counts, actual), byChance: chanceStability(expected, present.length, { bins: actual.length, p: 0.999 }) };
}

/** Whether values have drifted past a limit, and by more than chance. */
export const isPast = (limit: number, { index, byChance }: Drift): boolean => index > limit && index > byChance;

/**
 * Ten bins of as many values each, fewer where many values are the same, and one on either side for what lies outside of all that was seen.
 * A value on an edge is in the bin above it.
 */
function binsOfNumbers(sorted: readonly number[]): Bins {
  const inner = Array.from({ length: mostBins - 1 }, (_, i) => quantileOf(sorted, (i + 1) / mostBins));
  const [least, greatest] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const edges = [...new Set([least, ...inner, justAbove(greatest)])];
  return { of: 'numbers', edges, counts: countNumbers(edges, sorted) };
}

const justAbove = (value: number): number => (value === 0 ? Number.MIN_VALUE : value + Math.abs(value) * Number.EPSILON);

/** The most frequent nine, and the others together. */
function binsOfNames(values: readonly FeatureValue[]): Bins {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(nameOf(value), (counts.get(nameOf(value)) ?? 0) + 1);
  const names = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)).slice(0, mostBins - 1).map(([name]) => name);
  return { of: 'names', names, counts: countNames(names, values) };
}

function countsIn(bins: Bins, values: readonly FeatureValue[]): readonly number[] {
  return bins.of === 'numbers' ? countNumbers(bins.edges, values.filter(it => typeof it === 'number')) : countNames(bins.names, values);
}

function countNumbers(edges: readonly number[], values: readonly number[]): readonly number[] {
  const counts = Array.from({ length: edges.length + 1 }, () => 0);
  for (const value of values) {
    const above = edges.findIndex(it => value < it);
    const bin = above === -1 ? edges.length : above;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function countNames(names: readonly string[], values: readonly FeatureValue[]): readonly number[] {
  const counts = Array.from({ length: names.length + 1 }, () => 0);
  for (const value of values) {
    const found = names.indexOf(nameOf(value));
    const bin = found === -1 ? names.length : found;
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

const nameOf = (value: FeatureValue): string => JSON.stringify(value);
