import { describe, expect, it } from '@jest/globals';
import type { FeatureHealth } from '../../src/features/versions/feature-health.js';
import { driftFrom, isPast, profileOf } from '../../src/features/versions/profile.js';
import { breachOf } from '../../src/guardrails/judge.js';
import { seededRandom } from '../../src/kernel/random.js';

const none = { count: 0, of: 1000 };
const healthy: FeatureHealth = { missing: none, stale: none, errors: none, drift: undefined };

describe('a limit', () => {
  it('is passed by more than chance, or not at all', () => {
    expect(breachOf({ nullRate: 0.2 }, { ...healthy, missing: { count: 300, of: 1000 } })).toEqual({ limit: 'nullRate', measured: 0.3, allowed: 0.2 });
    expect(breachOf({ nullRate: 0.2 }, { ...healthy, missing: { count: 205, of: 1000 } })).toBeUndefined();
    expect(breachOf({ nullRate: 0.2 }, { ...healthy, missing: { count: 19, of: 19 } })).toBeUndefined();
    expect(breachOf({ nullRate: 0.2 }, { ...healthy, missing: { count: 20, of: 20 } })?.measured).toBe(1);
    expect(breachOf({ staleRate: 0.5 }, { ...healthy, stale: { count: 900, of: 1000 } })?.limit).toBe('staleRate');
    expect(breachOf({ errorRate: 0 }, { ...healthy, errors: { count: 100, of: 1000 } })?.limit).toBe('errorRate');
    expect(breachOf({}, { missing: { count: 9, of: 9 }, stale: none, errors: none, drift: { index: 9, byChance: 0 } })).toBeUndefined();
    expect(breachOf({ drift: 0.2 }, { ...healthy, drift: { index: 0.3, byChance: 0.1 } })).toEqual({ limit: 'drift', measured: 0.3, allowed: 0.2 });
    expect(breachOf({ drift: 0.2 }, { ...healthy, drift: { index: 0.3, byChance: 0.4 } })).toBeUndefined();
  });
});

describe('drift', () => {
  const random = seededRandom(1);
  const draw = (count: number, of: () => number | string | null): (number | string | null)[] => Array.from({ length: count }, of);

  it('is found in numbers and in names, and not where there is none', () => {
    const numbers = profileOf(draw(1000, random));
    const index = (values: (number | string | null)[], of = numbers): number => driftFrom(of, values)?.index ?? Number.NaN;
    expect(index(draw(1000, random))).toBeLessThan(0.1);
    expect(index(draw(1000, () => random() + 0.3))).toBeGreaterThan(0.25);
    expect(index(draw(1000, () => random() * 1000))).toBeGreaterThan(1);
    const names = profileOf(draw(1000, () => (random() < 0.5 ? 'red' : 'blue')));
    expect(index(draw(1000, () => (random() < 0.5 ? 'red' : 'blue')), names)).toBeLessThan(0.1);
    expect(index(draw(1000, () => (random() < 0.9 ? 'red' : 'blue')), names)).toBeGreaterThan(0.25);
    expect(index(draw(1000, () => 'green'), names)).toBeGreaterThan(1);
  });

  it('is found where one value takes the place of another, and where what is missing says nothing', () => {
    const always = profileOf(draw(100, () => 7));
    expect(driftFrom(always, draw(100, () => 8))?.index).toBeGreaterThan(1);
    expect(driftFrom(always, draw(100, () => 6))?.index).toBeGreaterThan(1);
    expect(driftFrom(always, [...draw(100, () => 7), ...draw(900, () => null)])?.index).toBeLessThan(0.01);
  });

  it('is not told of few values, and of small samples only beyond chance', () => {
    const small = profileOf(draw(60, random));
    expect(driftFrom(small, draw(49, random))).toBeUndefined();
    expect(driftFrom(profileOf(draw(49, random)), draw(100, random))).toBeUndefined();
    let passed = 0;
    for (let run = 0; run < 500; run++) {
      const drift = driftFrom(profileOf(draw(60, random)), draw(60, random));
      if (drift !== undefined && isPast(0.1, drift)) passed += 1;
      expect(drift).toBeDefined();
    }
    expect(passed).toBeLessThanOrEqual(5);
  });
});
