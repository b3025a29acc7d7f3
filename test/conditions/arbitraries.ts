import fc from 'fast-check';
import { behaviourKey } from '../../src/conditions/behaviour.js';
import type { Behaviour, Comparison, Condition, Facts } from '../../src/conditions/condition.js';

export const now = Date.parse('2026-03-01T12:00:00Z');

const names = fc.constantFrom('a', 'b', 'c', 'constructor');
const texts = fc.constantFrom('x', 'xy', 'y', '', '2026-02-28T12:00:00Z', '2026-03-01');
const numbers = fc.constantFrom(-1, 0, 1, 1.5, now - 1000, now);
const lists = fc.array(texts, { maxLength: 3 });
export const values = fc.oneof(texts, numbers, fc.boolean(), lists);

const comparing = (operator: Comparison['operator'], value: fc.Arbitrary<Comparison['value']>): fc.Arbitrary<Comparison> =>
  fc.record({ name: names, operator: fc.constant(operator), value });
const full = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(arbitrary, { minLength: 1, maxLength: 3 });

/** Comparisons that check.ts lets pass. */
export const comparisons: fc.Arbitrary<Comparison> = fc.oneof(
  comparing('equals', fc.oneof(texts, numbers, fc.boolean())),
  comparing('notEquals', fc.oneof(texts, numbers, fc.boolean())),
  comparing('in', fc.oneof(full(texts), full(numbers))),
  comparing('contains', fc.constantFrom('x', 'y')),
  comparing('startsWith', fc.constantFrom('x', 'y')),
  comparing('exists', fc.constantFrom(true, false, undefined)),
  comparing('greaterThan', numbers),
  comparing('lessThan', numbers),
  comparing('between', fc.tuple(numbers, numbers).map(([a, b]) => [Math.min(a, b), Math.max(a, b)])),
  comparing('before', fc.constantFrom('2026-03-01', '2026-03-01T13:00:00+01:00')),
  comparing('withinLast', fc.constantFrom('P1D', 'PT1H')),
);

/** What an event is looked at by. */
export const wheres: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>(tie => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    comparisons.filter(it => it.operator !== 'withinLast').map(property => ({ property })),
    full(tie('node')).map(and => ({ and })),
    full(tie('node')).map(or => ({ or })),
    tie('node').map(not => ({ not })),
  ),
})).node;

const bounds = fc.constantFrom({ atLeast: 1 }, { atLeast: 2 }, { atLeast: 0, atMost: 0 }, { atLeast: 1, atMost: 2 }, { atLeast: 0, atMost: 3 });
const windows = fc.constantFrom({}, { within: 'P7D' }, { within: 'PT1H' }, { within: 'P90D' }, { since: '2026-02-28T12:00:00.000Z' });

/** Few, so that facts can hold a count of each. */
export const behaviours: fc.Arbitrary<Behaviour> = fc
  .tuple(fc.constantFrom('purchase', 'login'), bounds, windows, fc.option(wheres, { nil: undefined }))
  .map(([event, times, window, where]) => ({ event, ...times, ...window, ...(where && { where }) }));
const countableBehaviours: readonly Behaviour[] = fc.sample(behaviours, { numRuns: 8, seed: 4 });

export const conditions: fc.Arbitrary<Condition> = fc.letrec<{ node: Condition }>(tie => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(
      fc.oneof(...(['attribute', 'feature', 'context', 'item'] as const).map(it => comparisons.map(comparison => ({ [it]: comparison }) as unknown as Condition))),
      fc.constantFrom('vip', 'new').map(inSegment => ({ inSegment })),
      fc.tuple(fc.constantFrom(...countableBehaviours), bounds).map(([behaviour, times]) => ({ did: { ...behaviour, atMost: undefined, ...times } })),
    ),
    full(tie('node')).map(and => ({ and })),
    full(tie('node')).map(or => ({ or })),
    tie('node').map(not => ({ not })),
  ),
})).node;

const some = fc.dictionary(fc.constantFrom('a', 'b', 'c'), values, { maxKeys: 3 });

export const facts: fc.Arbitrary<Facts> = fc.record({
  attributes: some,
  features: some,
  context: some,
  item: some,
  behaviours: fc.subarray([...new Set(countableBehaviours.map(behaviourKey))]).chain(keys => fc.record(Object.fromEntries(keys.map(key => [key, fc.nat(4)])))),
  segments: fc.subarray(['vip', 'new']).map(it => new Set(it)),
  now: fc.constant(now),
});
