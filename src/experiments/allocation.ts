import { bucketRanges, chooseVariation, hash } from './bucketing.js';

export interface AllocationInput {
  /** Whom the assignment belongs to. */
  readonly unitId: string;
  /** Salt of the experiment's hash. */
  readonly seed: string;
  /** Share of units that take part, [0, 1]. */
  readonly coverage: number;
  /** Shares of the arms among those, summing to 1. */
  readonly weights: readonly number[];
  /** Share of units that are held out of everything, [0, 1). */
  readonly holdout: number;
  readonly holdoutSeed: string;
}

export type Allocation = { readonly kind: 'holdout' } | { readonly kind: 'excluded' } | { readonly kind: 'arm'; readonly index: number };

/** Deterministic: the same unit is in the same arm, everywhere and always, until the shares change. */
export function assign({ unitId, seed, coverage, weights, holdout, holdoutSeed }: AllocationInput): Allocation {
  if (isHeldOut(unitId, holdout, holdoutSeed)) return { kind: 'holdout' };
  const index = chooseVariation(hash(seed, unitId, 2), bucketRanges(weights.length, coverage, weights));
  return index === -1 ? { kind: 'excluded' } : { kind: 'arm', index };
}

/** @param holdout share of units, [0, 1) */
export function isHeldOut(unitId: string, holdout: number, seed: string): boolean {
  return holdout > 0 && hash(`holdout:${seed}`, unitId, 2) < holdout;
}
