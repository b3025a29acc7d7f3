import { fnv1a32 } from '../kernel/hash.js';

/** A share of the units: those whose hash is in [from, to). */
export type BucketRange = readonly [from: number, to: number];

/**
 * Where a unit falls in [0, 1), as in all SDKs of GrowthBook (specification of their SDKs, "hash"): version 1 in steps of 1/1000, which
 * is biased where seeds are alike, and version 2 in steps of 1/10,000, hashed twice. Null for another version.
 */
export function hash(seed: string, unitId: string, version: 1 | 2): number;
export function hash(seed: string, unitId: string, version: number): number | null;
export function hash(seed: string, unitId: string, version: number): number | null {
  if (version === 1) return (fnv1a32(unitId + seed) % 1000) / 1000;
  if (version === 2) return (fnv1a32(String(fnv1a32(seed + unitId))) % 10_000) / 10_000;
  return null;
}

/** How far from 1 the sum of weights may be. */
const weightTolerance = 0.01;

/**
 * Ranges of the variations, each at the place that full coverage would give it, so that more coverage moves nobody to another variation.
 * @param variations how many, at least 1
 * @param coverage share of each variation's place that takes part, clipped to [0, 1]
 * @param weights one each, summing to 1; equal ones are taken where they are absent, too few or many, or their sum is off by more than 0.01
 */
export function bucketRanges(variations: number, coverage: number, weights?: readonly number[] | null): readonly BucketRange[] {
  const covered = Math.min(1, Math.max(0, coverage));
  const fits = weights?.length === variations && Math.abs(weights.reduce((sum, it) => sum + it, 0) - 1) <= weightTolerance;
  const shares = fits ? weights : Array.from({ length: variations }, () => 1 / variations);
  let start = 0;
  return shares.map(share => {
    const from = start;
    start += share;
    return [from, from + covered * share];
  });
}

/** Index of the range that a hash is in; -1: in none. */
export function chooseVariation(bucket: number, ranges: readonly BucketRange[]): number {
  return ranges.findIndex(([from, to]) => bucket >= from && bucket < to);
}

/** Whether a unit is in its part of a namespace, within which experiments that take parts of it exclude each other. */
export function inNamespace(unitId: string, [namespace, from, to]: readonly [string, ...BucketRange]): boolean {
  const bucket = hash(`__${namespace}`, unitId, 1);
  return bucket >= from && bucket < to;
}
