import type { Estimate, Unsupported } from './off-policy/estimators.js';
import type { NotReplayable } from './off-policy/replay-method.js';

/**
 * Policies that a log can be asked about.
 * - `uniform`: all items alike; by weights (IPS, SNIPS)
 * - `linucb`: the linear bandit, beginning anew; by the replay method
 */
export const evaluatedPolicies = ['uniform', 'linucb'] as const;
export type EvaluatedPolicy = (typeof evaluatedPolicies)[number];

export interface PolicyQuestion {
  /** `live`, or the name of an imported log. */
  readonly log: string;
  readonly policy: EvaluatedPolicy;
  /** Only decisions of this placement, whose bandit's features, λ and α the `linucb` then has. */
  readonly placementId?: string | undefined;
}

/** What the policy would have got: mean reward of a decision that was seen, where a click or a conversion counts 1. */
export interface PolicyEvaluation extends PolicyQuestion {
  /** Decisions of the log that were seen and had a choice. */
  readonly decisions: number;
  readonly ips: Estimate | null;
  readonly snips: Estimate | null;
  readonly replay: ReplayValue | null;
  /** Of the replay method, the decisions that matched. */
  readonly effectiveSampleSize: number;
  readonly maxWeight: number;
  /** False where the log says nothing of the policy; then there is no estimate, and a reason. */
  readonly supported: boolean;
  readonly reason: Unsupported | NotReplayable | 'NO_DECISIONS' | null;
}

export interface ReplayValue {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** Decisions in which the policy chose as the log did: those that it learned from and is judged by. */
  readonly matched: number;
}
