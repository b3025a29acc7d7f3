import type { Random } from '../../kernel/random.js';
import { wilsonInterval, type Interval } from '../../kernel/statistics.js';
import type { LearningPolicy } from './learning-policy.js';

/** One decision of a log whose policy chose among the arms by chance alone. */
export interface LoggedTrial {
  /** Context vector, an intercept included; of the same length in all trials. */
  readonly x: Float64Array;
  /** What could have been chosen, the same for the log's policy and for the one that is judged. */
  readonly arms: readonly string[];
  readonly arm: string;
  readonly propensity: number;
  /** In [0, 1]. */
  readonly reward: number;
}

interface Matches {
  readonly rows: number;
  /** Trials in which the policy chose as the log's: those that it learned from and is judged by. */
  readonly matched: number;
}

/** - `NOT_UNIFORM`: the log's policy preferred some arms - `NO_MATCH`: the two never chose alike */
export type NotReplayable = 'NOT_UNIFORM' | 'NO_MATCH';

/** The interval is Wilson's, of 95 %. */
export type ReplayEstimate =
  | (Matches & Interval & { readonly supported: true; readonly value: number })
  | (Matches & { readonly supported: false; readonly reason: NotReplayable });

/** Of a propensity, relative, for the digits that it was logged with. */
const propensityTolerance = 1e-3;

/**
 * Mean reward of a policy that learns, had it decided instead (Li, Chu, Langford, Wang 2011, algorithm 2): it goes through the log, and
 * where it chooses as the log did, it is told the reward, which counts. Unbiased for a run of as many decisions as there are matches.
 * @param policy begins anew, and is used up
 */
export async function replayPolicy(log: AsyncIterable<LoggedTrial>, policy: LearningPolicy, random: Random): Promise<ReplayEstimate> {
  let rows = 0;
  let matched = 0;
  let rewards = 0;
  let uniform = true;
  for await (const { x, arms, arm, propensity, reward } of log) {
    rows++;
    uniform &&= arms.includes(arm) && Math.abs(propensity * arms.length - 1) <= propensityTolerance;
    if (!uniform || policy.choose(x, arms, random) !== arm) continue;
    policy.learn(x, arm, reward);
    matched++;
    rewards += reward;
  }
  if (!uniform) return { rows, matched: 0, supported: false, reason: 'NOT_UNIFORM' };
  if (matched === 0) return { rows, matched, supported: false, reason: 'NO_MATCH' };
  return { rows, matched, supported: true, value: rewards / matched, ...wilsonInterval(rewards, matched) };
}
