import { noTrials, withReward, withTrial, type ArmSums } from '../models/bandit/linear-posterior.js';
import type { Trial } from './trial.js';

/** A trial whose reward has become known, or has changed. */
export interface Credit {
  readonly trial: Trial;
  /** Reward that the sums hold of it so far; undefined where they do not hold the trial. */
  readonly before: number | undefined;
  readonly after: number;
}

/** Names the sums that a trial belongs to. */
export const sumsKey = ({ placementId, contract, arm }: Omit<Trial, 'x'>): string => JSON.stringify([placementId, contract, arm]);

/**
 * The sums after the credits: only those that have changed.
 * @param sums by `sumsKey`; absent are arms without a trial
 */
export function applyCredits(sums: ReadonlyMap<string, ArmSums>, credits: readonly Credit[]): ReadonlyMap<string, ArmSums> {
  const changed = new Map<string, ArmSums>();
  for (const { trial, before, after } of credits) {
    if (before === after) continue;
    const key = sumsKey(trial);
    const known = changed.get(key) ?? sums.get(key) ?? noTrials(trial.x.length);
    const opened = before === undefined ? withTrial(known, trial.x) : known;
    const delta = after - (before ?? 0);
    changed.set(key, delta === 0 ? opened : withReward(opened, trial.x, delta));
  }
  return changed;
}
