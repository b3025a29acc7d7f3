import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PolicySpec } from '../../../src/content/placement.js';
import { distribution } from '../../../src/decisions/exploration/distribution.js';
import { rankSlate } from '../../../src/decisions/exploration/rank-slate.js';
import { seededRandom } from '../../../src/kernel/random.js';
import { policies, policySpec, scoreLists } from './arbitraries.js';

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });

describe('rankSlate', () => {
  it('places each candidate once at most, as many as there is room for', () => {
    fc.assert(
      fc.property(policySpec, scoreLists, fc.integer({ min: 1, max: 60 }), seeds, (policy, scores, limit, seed) => {
        const indexes = rankSlate(policy, scores, limit, seededRandom(seed)).map(it => it.index);
        expect(indexes).toHaveLength(Math.min(limit, scores.length));
        expect(new Set(indexes).size).toBe(indexes.length);
        for (const index of indexes) expect(index in scores).toBe(true);
      }),
    );
  });

  it('says for each position the probability by the policy over the candidates that were left', () => {
    fc.assert(
      fc.property(policySpec, scoreLists, seeds, (policy, scores, seed) => {
        const left = Array.from(scores, (score, index) => ({ score, index }));
        for (const { index, propensity } of rankSlate(policy, scores, scores.length, seededRandom(seed))) {
          const at = left.findIndex(it => it.index === index);
          expect(propensity).toBe(distribution(policy, Float64Array.from(left, it => it.score))[at]);
          expect(propensity).toBeGreaterThan(0);
          left.splice(at, 1);
        }
      }),
    );
  });

  it('gives the same slate for the same seed, and begins a longer one alike', () => {
    fc.assert(
      fc.property(policySpec, scoreLists, seeds, (policy, scores, seed) => {
        const slate = rankSlate(policy, scores, 10, seededRandom(seed));
        expect(rankSlate(policy, scores, 10, seededRandom(seed))).toEqual(slate);
        expect(rankSlate(policy, scores, 3, seededRandom(seed))).toEqual(slate.slice(0, 3));
      }),
    );
  });

  it('ranks by falling score where it is greedy, equal ones in their order', () => {
    const slate = rankSlate({ kind: 'greedy' }, Float64Array.of(0.3, 0.9, 0.3, 0.5), 4, seededRandom(3));
    expect(slate.map(it => it.index)).toEqual([1, 3, 0, 2]);
  });

  it.each(policies)('shows whole slates by %j as often as the product of their propensities', (policy: PolicySpec) => {
    const rounds = 60_000;
    const random = seededRandom(17);
    const seen = new Map<string, { count: number; probability: number }>();
    for (let i = 0; i < rounds; i++) {
      const slate = rankSlate(policy, Float64Array.of(0.2, 0.6, 0.6, 0.1), 3, random);
      const key = slate.map(it => it.index).join();
      const entry = seen.get(key) ?? { count: 0, probability: slate.reduce((product, it) => product * it.propensity, 1) };
      entry.count++;
      seen.set(key, entry);
    }
    for (const { count, probability: p } of seen.values()) {
      expect(Math.abs(count / rounds - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / rounds) + 1e-12);
    }
    expect([...seen.values()].reduce((sum, it) => sum + it.probability, 0)).toBeGreaterThan(0.999);
  });
});
