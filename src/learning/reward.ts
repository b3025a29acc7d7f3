import type { OutcomeKind } from '../outcomes/outcome.js';

/** What one outcome is worth to the policy: an impression opens the trial, a click or a conversion wins it. */
const rewards: Readonly<Record<OutcomeKind, number>> = { impression: 0, click: 1, conversion: 1 };

/**
 * Reward of a decision, in [0, 1]: that of its best outcome, so that neither order nor repetition matters.
 * @param before what the outcomes before these came to; 0 for the first ones
 */
export function rewardAfter(before: number, kinds: readonly OutcomeKind[]): number {
  return Math.max(before, ...kinds.map(kind => rewards[kind]));
}
