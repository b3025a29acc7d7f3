import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { behaviourKey, behavioursOf } from '../../src/conditions/behaviour.js';
import { anyEvents, anyNames, checkCondition } from '../../src/conditions/check.js';
import { readsOf, type Behaviour, type Comparison, type Condition, type Facts, type Truth } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import { comparisons, conditions, facts, now } from './arbitraries.js';

const evaluate = (condition: Condition, about: Facts): Truth => compileCondition(condition)(about);
const noFacts: Facts = { attributes: {}, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now };
const of = (operator: Comparison['operator'], value: Comparison['value'], held?: Facts['attributes'][string]): Truth =>
  evaluate({ attribute: { name: 'a', operator, value } }, held === undefined ? noFacts : { ...noFacts, attributes: { a: held } });

/** Runs a law often enough to have seen each of the three truth values. */
const law = (name: string, holds: (a: Condition, b: Condition, about: Facts) => void): void => {
  it(name, () => {
    const seen = new Set<Truth>();
    fc.assert(
      fc.property(conditions, conditions, facts, (a, b, about) => {
        seen.add(evaluate(a, about));
        holds(a, b, about);
      }),
      { seed: 7, numRuns: 1000 },
    );
    expect(seen).toEqual(new Set([true, false, undefined]));
  });
};

describe('the three-valued logic of conditions', () => {
  law('has double negation', (a, _b, about) => {
    expect(evaluate({ not: { not: a } }, about)).toBe(evaluate(a, about));
  });
  law('has the first law of De Morgan', (a, b, about) => {
    expect(evaluate({ not: { and: [a, b] } }, about)).toBe(evaluate({ or: [{ not: a }, { not: b }] }, about));
  });
  law('has the second law of De Morgan', (a, b, about) => {
    expect(evaluate({ not: { or: [a, b] } }, about)).toBe(evaluate({ and: [{ not: a }, { not: b }] }, about));
  });
  law('does not mind the order of parts', (a, b, about) => {
    expect(evaluate({ and: [a, b] }, about)).toBe(evaluate({ and: [b, a] }, about));
    expect(evaluate({ or: [a, b] }, about)).toBe(evaluate({ or: [b, a] }, about));
  });
  law('absorbs', (a, b, about) => {
    expect(evaluate({ or: [a, { and: [a, b] }] }, about)).toBe(evaluate(a, about));
  });
  law('is monotone: what becomes known never changes an answer that was known', (a, _b, about) => {
    if (JSON.stringify(a).includes('"exists"')) return;
    const before = evaluate(a, { ...about, attributes: {}, features: {}, behaviours: {} });
    if (before !== undefined) expect(evaluate(a, about)).toBe(before);
  });
});

describe('comparisons', () => {
  it('are not known where the value is missing, except exists', () => {
    fc.assert(
      fc.property(comparisons, comparison => {
        const truth = evaluate({ feature: comparison }, noFacts);
        if (comparison.operator === 'exists') expect(truth).toBe(comparison.value === false);
        else expect(truth).toBeUndefined();
      }),
      { seed: 7, numRuns: 1000 },
    );
  });

  it('mean by `in` that one of them equals', () => {
    const scalar = fc.constantFrom<string | number | boolean>('x', 'y', '1', 1, 0, true);
    const options = fc.oneof(fc.array(fc.constantFrom('x', '1'), { minLength: 1, maxLength: 2 }), fc.array(fc.constantFrom(0, 1), { minLength: 1, maxLength: 2 }));
    fc.assert(
      fc.property(scalar, options, (held, list) => {
        const each = list.map(value => ({ attribute: { name: 'a', operator: 'equals' as const, value } }));
        expect(of('in', list as string[], held)).toBe(evaluate({ or: each }, { ...noFacts, attributes: { a: held } }));
      }),
      { seed: 7 },
    );
  });

  it('mean by `notEquals` the negation of `equals`', () => {
    const scalar = fc.constantFrom<string | number | boolean>('x', '1', 1, 0, true, false);
    fc.assert(
      fc.property(scalar, scalar, (held, value) => {
        const equal = of('equals', value, held);
        expect(of('notEquals', value, held)).toBe(equal === undefined ? undefined : !equal);
      }),
      { seed: 7 },
    );
  });

  it.each<[Comparison['operator'], Comparison['value'], Facts['attributes'][string], Truth]>([
    ['equals', 'x', 'x', true],
    ['equals', 1, '1', undefined],
    ['equals', 'x', ['x'], undefined],
    ['in', ['x', 'y'], ['z', 'y'], true],
    ['in', ['x', 'y'], [], false],
    ['in', [1, 2], ['1'], undefined],
    ['contains', 'b', 'abc', true],
    ['contains', 'b', ['abc'], false],
    ['contains', '1', 1, undefined],
    ['startsWith', 'ab', 'abc', true],
    ['startsWith', 'b', 'abc', false],
    ['greaterThan', 1, 1, false],
    ['greaterThan', 1, '2', undefined],
    ['lessThan', 1, 0, true],
    ['between', [1, 2], 1, true],
    ['between', [1, 2], 2, true],
    ['between', [1, 2], 2.1, false],
    ['before', '2026-03-01', '2026-02-28T23:59:59.999Z', true],
    ['before', '2026-03-01', '2026-03-01T00:00:00+00:00', false],
    ['before', '2026-03-01', now, false],
    ['before', '2026-03-01', 'last week', undefined],
    ['before', '2026-03-01', '5', undefined],
    ['before', '2026-03-01', '2026-02-28T12:00:00', undefined],
    ['withinLast', 'P1D', '2026-02-28T12:00:01Z', true],
    ['withinLast', 'P1D', '2026-02-28T12:00:00Z', false],
    ['withinLast', 'P1D', now, true],
    ['withinLast', 'P1D', now + 1, false],
    ['exists', undefined, false, true],
    ['exists', false, 0, false],
  ])('%s %j of %j is %j', (operator, value, held, expected) => {
    expect(of(operator, value, held)).toBe(expected);
  });

  it('do not take what every object inherits for a value', () => {
    for (const name of ['constructor', 'toString', '__proto__', 'hasOwnProperty']) {
      expect(evaluate({ attribute: { name, operator: 'exists' } }, noFacts)).toBe(false);
    }
    expect(evaluate({ attribute: { name: 'constructor', operator: 'equals', value: 'Ferrari' } }, { ...noFacts, attributes: { constructor: 'Ferrari' as never } })).toBe(true);
  });

  it('read each source under its own name', () => {
    const about: Facts = { ...noFacts, attributes: { a: 1 }, features: { a: 2 }, context: { a: 3 }, item: { a: 4 }, segments: new Set(['vip']) };
    const equals = (value: number): Comparison => ({ name: 'a', operator: 'equals', value });
    expect(evaluate({ and: [{ attribute: equals(1) }, { feature: equals(2) }, { context: equals(3) }, { item: equals(4) }, { inSegment: 'vip' }] }, about)).toBe(true);
    expect(evaluate({ inSegment: 'new' }, about)).toBe(false);
  });
});

describe('behaviours', () => {
  const did: Behaviour = { event: 'purchase', atLeast: 2, atMost: 3, within: 'P7D' };
  const counted = (count: number): Facts => ({ ...noFacts, behaviours: { [behaviourKey(did)]: count } });

  it('hold where they were done as often as they say, and are not known where nobody has counted', () => {
    expect([1, 2, 3, 4].map(count => evaluate({ did }, counted(count)))).toEqual([false, true, true, false]);
    expect(evaluate({ did: { ...did, atMost: undefined } }, counted(4))).toBe(true);
    expect(evaluate({ did }, noFacts)).toBeUndefined();
    expect(evaluate({ not: { did } }, counted(0))).toBe(true);
  });

  it('share a count where they count the same, and no other', () => {
    const where = { property: { name: 'value', operator: 'greaterThan', value: 50 } } as const;
    const same: readonly Behaviour[] = [did, { ...did, atLeast: 1, atMost: undefined }, { ...did, within: 'P1W' }, { ...did, within: 'PT168H', where: undefined }];
    const others: readonly Behaviour[] = [
      { ...did, event: 'login' }, { ...did, within: 'P8D' }, { ...did, within: undefined }, { ...did, where },
      { ...did, within: undefined, since: '2026-03-01' }, { ...did, where: { not: where } },
    ];
    expect(new Set(same.map(behaviourKey)).size).toBe(1);
    expect(new Set([did, ...others].map(behaviourKey)).size).toBe(others.length + 1);
    expect(behavioursOf({ or: [...same.map(it => ({ did: it })), { not: { and: others.map(it => ({ did: it })) } }] }).map(it => it.key)).toEqual([did, ...others].map(behaviourKey));
    expect(behavioursOf({ did: { ...did, where } })).toEqual([{ key: behaviourKey({ ...did, where }), event: 'purchase', where, windowMs: 7 * 86_400_000, since: undefined }]);
  });
});

describe('properties of an event', () => {
  const of = (operator: Comparison['operator'], value: Comparison['value'], properties: Facts['properties']): Truth =>
    evaluate({ property: { name: 'a', operator, value } }, properties === undefined ? noFacts : { ...noFacts, properties });

  it.each<[Comparison['operator'], Comparison['value'], Facts['properties'], Truth]>([
    ['greaterThan', 50, { a: 51 }, true],
    ['greaterThan', 50, { a: null }, undefined],
    ['greaterThan', 50, {}, undefined],
    ['equals', 'x', { a: { b: 'x' } }, undefined],
    ['contains', 'x', { a: [1, 'x', null] }, true],
    ['in', ['x'], { a: [{ x: 1 }] }, false],
    ['exists', true, { a: {} }, true],
    ['exists', true, { a: null }, false],
    ['exists', true, undefined, false],
  ])('%s %j in %j is %j', (operator, value, properties, expected) => {
    expect(of(operator, value, properties)).toBe(expected);
  });

  it('are their own, not those that every object has', () => {
    expect(evaluate({ property: { name: 'constructor', operator: 'exists' } }, { ...noFacts, properties: {} })).toBe(false);
  });
});

describe('blind indexes', () => {
  const blind = (name: string, value: unknown): string => `${name}#${JSON.stringify(value)}`;
  const on = (operator: Comparison['operator'], value: Comparison['value'], a: string): Truth =>
    compileCondition({ attribute: { name: 'a', operator, value } }, (name, it) => (name === 'a' ? blind(name, it) : it))({ ...noFacts, attributes: { a } });

  it('are compared with the blind index of the value', () => {
    expect(on('equals', 'x', blind('a', 'x'))).toBe(true);
    expect(on('notEquals', 5, blind('a', 5))).toBe(false);
    expect(on('in', ['y', 'x'], blind('a', 'x'))).toBe(true);
    expect(on('in', ['y', 'x'], 'x')).toBe(false);
    expect(on('exists', true, blind('a', 'x'))).toBe(true);
  });

  it('stand in for attributes alone', () => {
    const feature: Condition = { feature: { name: 'a', operator: 'equals', value: 'x' } };
    expect(compileCondition(feature, blind)({ ...noFacts, features: { a: 'x' } })).toBe(true);
  });
});

describe('readsOf', () => {
  it('names all that an answer can rest on: other facts change nothing', () => {
    fc.assert(
      fc.property(conditions, facts, facts, (condition, about, others) => {
        checkCondition(condition, { attribute: anyNames, feature: anyNames, context: anyNames, item: anyNames, did: anyEvents, inSegment: new Set(['vip', 'new']) });
        const keys = new Set(behavioursOf(condition).map(it => it.key));
        const reads = readsOf(condition);
        const pick = (all: Facts['attributes'], rest: Facts['attributes'], names: ReadonlySet<string>): Facts['attributes'] =>
          ({ ...Object.fromEntries(Object.entries(rest).filter(([name]) => !names.has(name))), ...Object.fromEntries(Object.entries(all).filter(([name]) => names.has(name))) });
        const mixed: Facts = {
          attributes: pick(about.attributes, others.attributes, reads.attributes),
          features: pick(about.features, others.features, reads.features),
          context: pick(about.context, others.context, reads.context),
          item: pick(about.item, others.item, reads.item),
          behaviours: pick(about.behaviours, others.behaviours, keys) as Facts['behaviours'],
          segments: new Set([...reads.segments].filter(it => about.segments?.has(it))),
          now: reads.time ? now : now + 1e9,
        };
        expect(evaluate(condition, mixed)).toBe(evaluate(condition, about));
      }),
      { seed: 7, numRuns: 1000 },
    );
  });
});
