import type { PolicySpec } from '../../content/placement.js';

/**
 * The probability with which the policy serves each candidate: exact, and summing to 1 up to rounding.
 * Of equal scores the first is the best one.
 * @param scores at least one, finite
 * @returns of the same length
 */
export function distribution(policy: PolicySpec, scores: Float64Array): Float64Array {
  const epsilon = policy.kind === 'uniform' ? 1 : policy.kind === 'greedy' ? 0 : policy.epsilon;
  const probabilities = new Float64Array(scores.length).fill(epsilon / scores.length);
  const best = indexOfBest(scores);
  probabilities[best] = (probabilities[best] ?? 0) + (1 - epsilon);
  return probabilities;
}

export function indexOfBest(scores: Float64Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if ((scores[i] ?? 0) > (scores[best] ?? 0)) best = i;
  return best;
}

/**
 * The index that a uniform draw falls on (inverse of the cumulative distribution); never one of probability 0.
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
