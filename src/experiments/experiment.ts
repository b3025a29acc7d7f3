import type { Condition } from '../conditions/condition.js';
import type { PolicySpec, ScorerRef } from '../content/placement.js';

export interface Arm {
  readonly id: string;
  readonly name: string;
  /** Share of those who take part; the weights of all arms sum to 1. */
  readonly weight: number;
  /** What the arm decides by, where it differs from the placement. */
  readonly scorer?: ScorerRef | undefined;
  readonly policy?: PolicySpec | undefined;
}

/** A comparison of ways to decide in one placement. The first arm is the control. */
export interface Experiment {
  readonly id: string;
  readonly name: string;
  readonly hypothesis: string;
  readonly placementId: string;
  readonly status: 'draft' | 'running' | 'stopped';
  /** Share of customers who take part, [0, 1]. */
  readonly coverage: number;
  /** Salt of the assignment's hash: who is in which arm depends on it and the customer's id alone. */
  readonly seed: string;
  /** Who may take part; absent: everybody. */
  readonly targeting?: Condition | undefined;
  readonly arms: readonly Arm[];
}
