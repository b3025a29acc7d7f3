import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { behaviourKey } from '../../src/conditions/behaviour.js';
import type { Behaviour, Condition, Facts } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import { explainCondition, type Explanation } from '../../src/conditions/explain.js';
import { compileNextChange } from '../../src/conditions/next-change.js';
import { conditions, facts, now } from './arbitraries.js';

const day = 86_400_000;
const bought: Behaviour = { event: 'purchase', atLeast: 2, within: 'P7D' };
const about: Facts = {
  attributes: { email: 'blind index', visit: now - day }, features: { score: 0.4 }, context: {}, item: {}, behaviours: { [behaviourKey(bought)]: 1 }, segments: new Set(['vip']), now,
};
const lines = ({ path, truth, seen, changesAt, parts }: Explanation): readonly unknown[] =>
  [[path, truth, seen, changesAt === undefined ? undefined : changesAt - now], ...parts.flatMap(lines)];

describe('explainCondition', () => {
  it('tells of each node its truth, what was seen, and when it changes by itself', () => {
    const condition: Condition = {
      and: [
        { or: [{ feature: { name: 'score', operator: 'greaterThan', value: 0.5 } }, { attribute: { name: 'visit', operator: 'withinLast', value: 'P2D' } }] },
        { not: { did: bought } },
        { inSegment: 'vip' },
        { attribute: { name: 'city', operator: 'equals', value: 'Ulm' } },
      ],
    };
    const by = { countChangesAt: (key: string) => (key === behaviourKey(bought) ? now + 3 * day : undefined), membershipChangesAt: () => now + 2 * day };
    expect(lines(explainCondition(condition, about, by))).toEqual([
      ['', undefined, undefined, day],
      ['/and/0', true, undefined, day],
      ['/and/0/or/0', false, 0.4, undefined],
      ['/and/0/or/1', true, now - day, day],
      ['/and/1', true, undefined, 3 * day],
      ['/and/1/not', false, 1, 3 * day],
      ['/and/2', true, true, 2 * day],
      ['/and/3', undefined, undefined, undefined],
    ]);
  });

  it('does not tell what is personal, but what came of it', () => {
    const condition: Condition = { attribute: { name: 'email', operator: 'equals', value: 'ada@example.com' } };
    const explained = explainCondition(condition, about, { blind: () => 'blind index', personal: new Set(['email']) });
    expect(explained).toMatchObject({ truth: true, seen: undefined, isHidden: true });
    expect(explainCondition(condition, about)).toMatchObject({ truth: false, seen: 'blind index', isHidden: false });
  });

  it('comes to the truth, and to the time of the next change, that the whole has', () => {
    fc.assert(
      fc.property(conditions, facts, (condition, of) => {
        const { truth, changesAt } = explainCondition(condition, of);
        expect(truth).toBe(compileCondition(condition)(of));
        expect(changesAt).toBe(compileNextChange(condition)(of));
      }),
      { seed: 8, numRuns: 1000 },
    );
  });
});
