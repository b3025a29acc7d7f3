import type { PolicySpec } from '../../content/placement.js';
import type { Random } from '../../kernel/random.js';
import { distribution, draw } from './distribution.js';

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
export function rankSlate(policy: PolicySpec, scores: ArrayLike<number>, limit: number, random: Random): readonly Placed[] {
  const left = Array.from(scores);
  const indexes = left.map((_, i) => i);
  const slate: Placed[] = [];
  while (left.length > 0 && slate.length < limit) {
    const probabilities = distribution(policy, left);
    const drawn = draw(probabilities, random());
    slate.push({ index: indexes[drawn] ?? 0, propensity: probabilities[drawn] ?? 0 });
    // The order of those left is kept: of equal scores the first stays the best.
    left.splice(drawn, 1);
    indexes.splice(drawn, 1);
  }
  return slate;
}
