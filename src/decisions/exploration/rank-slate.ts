import type { PolicySpec } from '../../content/placement.js';
import type { Random } from '../../kernel/random.js';
import { distribution, draw } from './distribution.js';

export interface Placed {
  /** Into the scores. */
  readonly index: number;
  /** In (0, 1], given the positions before. */
  readonly propensity: number;
}

/** Fills the positions one after the other, each by the policy over the candidates that are left. */
export function rankSlate(policy: PolicySpec, scores: Float64Array, limit: number, random: Random): readonly Placed[] {
  const left = Array.from(scores, (_, i) => i);
  const slate: Placed[] = [];
  while (slate.length < limit && left.length > 0) {
    const probabilities = distribution(policy, Float64Array.from(left, i => scores[i] ?? 0));
    const drawn = draw(probabilities, random());
    const propensity = probabilities[drawn] ?? 0;
    for (const index of left.splice(drawn, 1)) slate.push({ index, propensity });
  }
  return slate;
}
