import { bucketOf } from './bucketing.js';

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
  if (holdout > 0 && bucketOf(`holdout:${holdoutSeed}`, unitId) < holdout) return { kind: 'holdout' };
  const bucket = bucketOf(seed, unitId);
  let from = 0;
  for (const [index, weight] of weights.entries()) {
    if (bucket >= from && bucket < from + weight * coverage) return { kind: 'arm', index };
    from += weight;
  }
  return { kind: 'excluded' };
}
