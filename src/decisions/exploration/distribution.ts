import type { PolicySpec } from '../../content/placement.js';

/**
 * The probability with which the policy serves each candidate: exact, and summing to 1 up to rounding.
 * Of equal scores the first is the best one.
 * @param scores at least one, finite
 * @returns of the same length
 */
export function distribution(policy: PolicySpec, scores: ArrayLike<number>): number[] {
  const epsilon = epsilonOf(policy);
  const each = epsilon / scores.length;
  const probabilities: number[] = [];
  let best = 0;
  for (let i = 0; i < scores.length; i++) {
    if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
    probabilities.push(each);
  }
  probabilities[best] = 1 - epsilon + each;
  return probabilities;
}

/** Each policy serves the best, or, with this probability, one drawn from all alike. */
function epsilonOf(policy: PolicySpec): number {
  switch (policy.kind) {
    case 'uniform':
      return 1;
    case 'greedy':
      return 0;
    case 'epsilonGreedy':
      return policy.epsilon;
  }
}

/**
 * The index that a uniform draw falls on (inverse of the cumulative distribution); never one of probability 0, also where rounding
 * leaves the sum below `u`.
 * @param u in [0, 1)
 */
export function draw(probabilities: ArrayLike<number>, u: number): number {
  let left = u;
  let last = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i] ?? 0;
    if (probability <= 0) continue;
    last = i;
    left -= probability;
    if (left < 0) return i;
  }
  return last;
}
