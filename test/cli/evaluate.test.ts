import { describe, expect, it } from '@jest/globals';
import { describeEvaluation, type Evaluation } from '../../src/cli/evaluate.js';

const supported: Evaluation = {
  log: 'live', policy: 'uniform', decisions: 120, replay: null, effectiveSampleSize: 80.5, maxWeight: 3, supported: true, reason: null,
  ips: { value: 0.05, low: 0.01, high: 0.09 }, snips: { value: 0.06, low: 0.02, high: 0.1 },
};

describe('describeEvaluation', () => {
  it('ends with the word that the log supports the estimate', () => {
    expect(describeEvaluation(supported).at(-1)).toMatch(/supported by the log +yes$/);
  });

  it.each([
    ['BEYOND_THE_LOG', 'a policy that explores'],
    ['NOT_UNIFORM', 'the policy uniform'],
    ['NO_DECISIONS', 'Report impressions'],
  ])('says of %s what to do', (reason, advice) => {
    const [verdict, words] = describeEvaluation({ ...supported, ips: null, snips: null, supported: false, reason }).slice(-2);
    expect(verdict).toContain(`no: ${reason}`);
    expect(words).toContain(advice);
  });
});
