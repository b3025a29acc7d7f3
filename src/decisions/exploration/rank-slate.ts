import type { PolicySpec } from '../../content/placement.js';
import type { Random } from '../../kernel/random.js';
import { draw, fillDistribution } from './distribution.js';

export interface Placed {
  /** Into the scores. */
  readonly index: number;
  /** In (0, 1], given the positions before. */
  readonly propensity: number;
}

/**
 * Fills the positions one after the other, each by the policy over the candidates that are left, with one draw of `random` each.
 * @param scores finite
 * @returns as many as `limit` and the scores allow
 */
export function rankSlate(policy: PolicySpec, scores: Float64Array, limit: number, random: Random): readonly Placed[] {
  const left = new Float64Array(scores);
  const indexes = new Uint32Array(scores.length);
  for (let i = 0; i < indexes.length; i++) indexes[i] = i;
  const probabilities = new Float64Array(scores.length);
  const slate: Placed[] = [];
  for (let count = scores.length; count > 0 && slate.length < limit; count--) {
    fillDistribution(policy, left, count, probabilities);
    const drawn = draw(probabilities, random());
    slate.push({ index: indexes[drawn] ?? 0, propensity: probabilities[drawn] ?? 0 });
    // The order of those left is kept: of equal scores the first stays the best.
    left.copyWithin(drawn, drawn + 1, count);
    indexes.copyWithin(drawn, drawn + 1, count);
  }
  return slate;
}
