import type { PolicySpec } from '../../content/placement.js';

/**
 * The probability with which the policy serves each candidate: exact, and summing to 1 up to rounding.
 * Of equal scores the first is the best one.
 * @param scores at least one, finite
 * @returns of the same length
 */
export function distribution(policy: PolicySpec, scores: Float64Array): Float64Array {
  const probabilities = new Float64Array(scores.length);
  fillDistribution(policy, scores, scores.length, probabilities);
  return probabilities;
}

/** As `distribution`, over the first `count` scores alone: writes as many probabilities, and zeros behind them. @param count at least 1 */
export function fillDistribution(policy: PolicySpec, scores: Float64Array, count: number, probabilities: Float64Array): void {
  const epsilon = epsilonOf(policy);
  let best = 0;
  for (let i = 1; i < count; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
  const each = epsilon / count;
  for (let i = 0; i < count; i++) probabilities[i] = each;
  for (let i = count; i < probabilities.length; i++) probabilities[i] = 0;
  probabilities[best] = 1 - epsilon + each;
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
export function draw(probabilities: Float64Array, u: number): number {
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
