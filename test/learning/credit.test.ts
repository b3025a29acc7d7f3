import { describe, expect, it } from '@jest/globals';
import { applyCredits, sumsKey } from '../../src/learning/credit.js';
import type { Trial } from '../../src/learning/trial.js';
import { noTrials, withReward, withTrial } from '../../src/models/bandit/linear-posterior.js';

const trial: Trial = { placementId: 'hero', contract: 'c', arm: 'boots', x: Float64Array.of(1, 2) };
const key = sumsKey(trial);

describe('applyCredits', () => {
  it('opens a trial once, and corrects its reward by the difference', () => {
    const opened = applyCredits(new Map(), [{ trial, before: undefined, after: 0.25 }]);
    const corrected = applyCredits(opened, [{ trial, before: 0.25, after: 1 }]);
    expect(corrected.get(key)).toEqual(withReward(withTrial(noTrials(2), trial.x), trial.x, 1));
  });

  it('names only what has changed, and touches no sums that it was given', () => {
    const before = new Map([[key, noTrials(2)], ['other', noTrials(2)]]);
    expect(applyCredits(before, [{ trial, before: 1, after: 1 }]).size).toBe(0);
    expect([...applyCredits(before, [{ trial, before: undefined, after: 0 }]).keys()]).toEqual([key]);
    expect(before.get(key)).toEqual(noTrials(2));
  });
});
