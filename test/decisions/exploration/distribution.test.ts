import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicySpec } from '../../../src/content/placement.js';
import { distribution, draw } from '../../../src/decisions/exploration/distribution.js';
import { seedOf } from '../../../src/kernel/hash.js';
import { seededRandom } from '../../../src/kernel/random.js';
import { policies, policySpec, scoreLists, someScores } from './arbitraries.js';

describe('distribution', () => {
  it('gives each candidate a probability, and they sum to 1', () => {
    fc.assert(
      fc.property(policySpec, scoreLists, (policy, scores) => {
        const probabilities = distribution(policy, scores);
        expect(probabilities).toHaveLength(scores.length);
        for (const probability of probabilities) expect(probability >= 0 && probability <= 1 + 1e-15).toBe(true);
        expect(Math.abs(probabilities.reduce((sum, it) => sum + it, 0) - 1)).toBeLessThan(1e-12);
      }),
    );
  });

  it.each<[PolicySpec, readonly number[]]>([
    [{ kind: 'uniform' }, [0.25, 0.25, 0.25, 0.25]],
    [{ kind: 'greedy' }, [0, 0, 1, 0]],
    [{ kind: 'epsilonGreedy', epsilon: 0.2 }, [0.05, 0.05, 0.85, 0.05]],
    [{ kind: 'epsilonGreedy', epsilon: 0 }, [0, 0, 1, 0]],
    [{ kind: 'epsilonGreedy', epsilon: 1 }, [0.25, 0.25, 0.25, 0.25]],
  ])('of %j is as the definition says', (policy, expected) => {
    const probabilities = distribution(policy, Float64Array.of(-1, 0.2, 0.7, 0.2));
    expected.forEach((it, i) => {
      expect(probabilities[i]).toBeCloseTo(it, 15);
    });
  });

  it('takes the first of equal scores for the best', () => {
    expect([...distribution({ kind: 'greedy' }, Float64Array.of(0.1, 0.9, 0.9))]).toEqual([0, 1, 0]);
  });

  it('does not depend on scale and origin of the scores', () => {
    fc.assert(
      fc.property(policySpec, fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 20 }), (policy, scores) => {
        const moved = distribution(policy, Float64Array.from(scores, it => 3 * it + 7));
        expect(moved).toEqual(distribution(policy, Float64Array.from(scores)));
      }),
    );
  });
});

describe('draw', () => {
  const rounds = 40_000;

  const combinations = policies.flatMap(policy => someScores.map(scores => ({ policy, scores })));
  it.each(combinations)('serves by $policy over $scores as often as the propensities say', ({ policy, scores }) => {
    const probabilities = distribution(policy, Float64Array.from(scores));
    const random = seededRandom(11);
    const counts = new Float64Array(scores.length);
    for (let i = 0; i < rounds; i++) {
      const drawn = draw(probabilities, random());
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expectFrequencies(counts, probabilities);
  });

  it('serves as the propensities say where each decision has a seed of its own', () => {
    const probabilities = distribution({ kind: 'epsilonGreedy', epsilon: 0.3 }, Float64Array.of(0.1, 0.8, 0.3, 0.5));
    const counts = new Float64Array(4);
    for (let i = 0; i < rounds; i++) {
      const drawn = draw(probabilities, seededRandom(seedOf(`0190163d-8694-739b-aea5-${i.toString(16).padStart(12, '0')}`))());
      counts[drawn] = (counts[drawn] ?? 0) + 1;
    }
    expectFrequencies(counts, probabilities);
  });

  it('never gives a candidate of probability 0, whatever the draw and the rounding', () => {
    const draws = fc.oneof(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.constantFrom(0, 1 - 2 ** -32, 1 - 2 ** -53));
    fc.assert(
      fc.property(fc.array(fc.constantFrom<number>(0, 0, 1, 3), { minLength: 1, maxLength: 30 }), draws, (shares, u) => {
        const sum = shares.reduce((a, b) => a + b, 0);
        fc.pre(sum > 0);
        const probabilities = Float64Array.from(shares, it => (it / sum) * (1 - 1e-12));
        expect(probabilities[draw(probabilities, u)]).toBeGreaterThan(0);
      }),
    );
  });

  function expectFrequencies(counts: Float64Array, probabilities: readonly number[]): void {
    probabilities.forEach((p, i) => {
      expect(Math.abs((counts[i] ?? 0) / rounds - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / rounds) + 1e-12);
    });
  }
});
