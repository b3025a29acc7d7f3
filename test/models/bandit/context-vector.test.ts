import { describe, expect, it } from '@jest/globals';
import { contextVector } from '../../../src/models/bandit/context-vector.js';
import { noTrials, solve, widthOf, withTrial } from '../../../src/models/bandit/linear-posterior.js';

const spec = { features: ['engagement', 'recency', 'city'], lambda: 1, alpha: 0.2 };

describe('contextVector', () => {
  it('is an intercept and the features in their order', () => {
    expect([...contextVector(spec, { recency: 0.5, engagement: 0.2, other: 9 })]).toEqual([1, 0.2, 0.5, 0]);
  });

  it('counts what is missing, or no number, as 0', () => {
    expect([...contextVector(spec, { city: 'Oslo', engagement: true })]).toEqual([1, 0, 0, 0]);
  });

  it('keeps a posterior finite, however large a feature is', () => {
    const x = contextVector(spec, { engagement: 1e300, recency: -Number.MAX_VALUE });
    let sums = noTrials(4);
    for (let i = 0; i < 1000; i++) sums = withTrial(sums, x);
    const arm = solve(sums, spec.lambda);
    expect(arm.theta.every(Number.isFinite)).toBe(true);
    expect(widthOf(arm, x)).toBeLessThan(1);
  });
});
