import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Comparison, Condition, Facts } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import { compileNextChange } from '../../src/conditions/next-change.js';
import { now } from './arbitraries.js';

const day = 86_400_000;
const visit = (operator: Comparison['operator'], value: Comparison['value']): Condition => ({ attribute: { name: 'visit', operator, value } });
const about = (visitedAt: Facts['attributes'][string] | undefined, at = now): Facts => ({
  attributes: visitedAt === undefined ? {} : { visit: visitedAt }, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now: at,
});
const next = (condition: Condition, of: Facts): number | undefined => compileNextChange(condition)(of);

const name = fc.constantFrom('a', 'b', 'c');
const trees = fc.letrec<{ node: Condition }>(tie => ({
  node: fc.oneof(
    { depthSize: 'small' },
    fc.tuple(name, fc.constantFrom('PT1H', 'P1D', 'P2D')).map(([it, value]) => ({ attribute: { name: it, operator: 'withinLast' as const, value } })),
    name.map(it => ({ attribute: { name: it, operator: 'exists' as const } })),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(and => ({ and })),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(or => ({ or })),
    tie('node').map(not => ({ not })),
  ),
})).node;
const held = fc.dictionary(name, fc.integer({ min: now - 2 * day - 1, max: now + day }).chain(it => fc.constantFrom<string | number>(it, it + 0.5, new Date(it).toISOString())));

describe('compileNextChange', () => {
  it('names the time at which a value grows too old', () => {
    expect(next(visit('withinLast', 'P7D'), about(now - day))).toBe(now + 6 * day);
    expect(next({ not: visit('withinLast', 'P7D') }, about(new Date(now - day).toISOString()))).toBe(now + 6 * day);
  });

  it('names the time at which a value of the future comes', () => {
    expect(next(visit('withinLast', 'P7D'), about(now + day))).toBe(now + day);
  });

  it('names none where time changes nothing', () => {
    expect(next(visit('withinLast', 'P7D'), about(undefined))).toBeUndefined();
    expect(next(visit('withinLast', 'P7D'), about('yesterday'))).toBeUndefined();
    expect(next(visit('withinLast', 'P7D'), about(now - 7 * day))).toBeUndefined();
    expect(next(visit('before', '2030-01-01'), about(now))).toBeUndefined();
    expect(next(visit('withinLast', 'P7D'), about(1e300))).toBeUndefined();
  });

  it('waits for what holds the whole as it is', () => {
    const [old, young] = [visit('withinLast', 'P2D'), visit('withinLast', 'P7D')];
    expect(next({ and: [old, young] }, about(now - day))).toBe(now + day);
    expect(next({ or: [old, young] }, about(now - day))).toBe(now + 6 * day);
    expect(next({ and: [old, young, visit('exists', false)] }, about(now - day))).toBeUndefined();
  });

  it('never misses a change: until the time that it names, and for ever where it names none, the truth is the same', () => {
    const seen = { later: 0, never: 0, real: 0 };
    fc.assert(
      fc.property(trees, held, fc.integer({ min: 1, max: 3 * day }), (condition, attributes, later) => {
        const at = { ...about(undefined), attributes };
        const change = next(condition, at);
        if (change !== undefined) expect(change).toBeGreaterThan(now);
        seen[change === undefined ? 'never' : 'later']++;
        if (change !== undefined && compileCondition(condition)({ ...at, now: change }) !== compileCondition(condition)(at)) seen.real++;
        const unchanged = Math.min(now + later, (change ?? Infinity) - 1);
        expect(compileCondition(condition)({ ...at, now: unchanged })).toBe(compileCondition(condition)(at));
      }),
      { seed: 5, numRuns: 3000 },
    );
    expect(Math.min(seen.later, seen.never, seen.real)).toBeGreaterThan(500);
  });
});
