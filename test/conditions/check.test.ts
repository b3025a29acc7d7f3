import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyEvents, anyNames, checkCondition, conditionLimits, type Vocabulary } from '../../src/conditions/check.js';
import type { Behaviour, Comparison, Condition } from '../../src/conditions/condition.js';
import { parseCondition } from '../../src/conditions/condition.schema.js';
import { AppError } from '../../src/kernel/errors.js';
import { conditions } from './arbitraries.js';

const everything: Vocabulary = { attribute: anyNames, feature: anyNames, context: anyNames, item: anyNames, did: anyEvents, inSegment: new Set(['vip', 'new']) };
const declared: Vocabulary = {
  ...everything,
  attribute: { declared: new Map([['email', 'string']]), open: false, blind: new Set(['email']) },
  did: { declared: new Map([['purchase', { declared: new Map([['value', 'number']]), open: false }]]), open: false },
  feature: { declared: new Map([['score', 'number'], ['city', 'string'], ['member', 'boolean'], ['likes', 'strings']]), open: false },
};

function refusal(act: () => unknown): [string, string | number | undefined] {
  try {
    act();
  } catch (error) {
    if (error instanceof AppError) return [error.code, error.details['path']];
    throw error;
  }
  throw new Error('Nothing was refused');
}

const check = (condition: Condition, vocabulary: Vocabulary = declared): [string, string | number | undefined] =>
  refusal(() => { checkCondition(condition, vocabulary, '/when'); });
const did = (behaviour: Partial<Behaviour>): Condition => ({ did: { event: 'purchase', atLeast: 1, ...behaviour } });
const leaf = (name: string, operator: Comparison['operator'], value?: Comparison['value']): Condition => ({ feature: { name, operator, value } });

describe('checkCondition', () => {
  it('lets every tree pass that is made of fitting parts, and the parser gives the same tree back', () => {
    fc.assert(
      fc.property(conditions, condition => {
        const plain = JSON.parse(JSON.stringify(condition)) as Condition;
        const parsed = parseCondition(plain);
        checkCondition(parsed, everything);
        expect(parsed).toEqual(plain);
      }),
      { seed: 3, numRuns: 500 },
    );
  });

  it.each<[string, Condition, string]>([
    ['an unknown feature', { and: [leaf('score', 'exists'), { not: leaf('other', 'exists') }] }, '/when/and/1/not/feature/name'],
    ['an unknown segment', { or: [{ inSegment: 'nobody' }] }, '/when/or/0/inSegment'],
    ['a text where the feature is a number', leaf('score', 'equals', '1'), '/when/feature/value'],
    ['numbers where the feature is a text', leaf('city', 'in', [1, 2]), '/when/feature/value'],
    ['an order of texts', leaf('city', 'greaterThan', 1), '/when/feature/operator'],
    ['a beginning of a number', leaf('score', 'startsWith', 'a'), '/when/feature/operator'],
    ['a boolean in a list', leaf('member', 'in', ['true']), '/when/feature/operator'],
    ['a list that equals', leaf('likes', 'equals', 'a'), '/when/feature/operator'],
    ['a missing value', leaf('score', 'greaterThan'), '/when/feature/value'],
    ['a number that is none', leaf('score', 'lessThan', Number.NaN), '/when/feature/value'],
    ['an infinite number', leaf('score', 'equals', Infinity), '/when/feature/value'],
    ['an interval from high to low', leaf('score', 'between', [2, 1]), '/when/feature/value'],
    ['an interval of one', leaf('score', 'between', [2]), '/when/feature/value'],
    ['an empty choice', leaf('city', 'in', []), '/when/feature/value'],
    ['a choice that is too long', leaf('city', 'in', Array.from({ length: 1001 }, () => 'x')), '/when/feature/value'],
    ['a mixed choice', leaf('city', 'in', ['x', 1] as never), '/when/feature/value'],
    ['an empty text that is contained', leaf('city', 'contains', ''), '/when/feature/value'],
    ['a beginning that is too long', leaf('city', 'startsWith', 'x'.repeat(101)), '/when/feature/value'],
    ['a part that is too long', leaf('city', 'contains', 'x'.repeat(101)), '/when/feature/value'],
    ['a time without a zone', leaf('city', 'before', '2026-03-01T12:00:00'), '/when/feature/value'],
    ['a duration of months', leaf('city', 'withinLast', 'P1M'), '/when/feature/value'],
    ['a duration of nothing', leaf('city', 'withinLast', 'PT0S'), '/when/feature/value'],
    ['a number for exists', leaf('city', 'exists', 1), '/when/feature/value'],
    ['an order of personal values', { attribute: { name: 'email', operator: 'startsWith', value: 'a' } }, '/when/attribute/operator'],
    ['an unknown type of event', { and: [did({ event: 'yawn' })] }, '/when/and/0/did/event'],
    ['a window of less than an hour', did({ within: 'PT59M' }), '/when/did/within'],
    ['a window of more than 90 days', did({ within: 'P90DT1S' }), '/when/did/within'],
    ['a window that is none', did({ within: 'a month' }), '/when/did/within'],
    ['two windows', did({ within: 'P1D', since: '2026-01-01' }), '/when/did/since'],
    ['at most less than at least', did({ atLeast: 2, atMost: 1 }), '/when/did/atMost'],
    ['what everybody did at least 0 times', did({ atLeast: 0 }), '/when/did/atLeast'],
    ['an unknown property', did({ where: { not: { property: { name: 'colour', operator: 'exists' } } } }), '/when/did/where/not/property/name'],
    ['an attribute of an event', did({ where: { attribute: { name: 'a', operator: 'exists' } } }), '/when/did/where/attribute'],
    ['what holds for an event for a while', { did: { event: 'purchase', atLeast: 1, where: { property: { name: 'value', operator: 'withinLast', value: 'P1D' } } } }, '/when/did/where/property/operator'],
    ['behaviour within an event', did({ where: did({}) }), '/when/did/where/did'],
    ['a property of no event', { property: { name: 'value', operator: 'exists' } }, '/when/property'],
  ])('refuses %s and says where', (_what, condition, path) => {
    expect(check(condition)).toEqual(['INVALID_INPUT', path]);
  });

  it('refuses sources that may not be read in a place', () => {
    const itemsOnly: Vocabulary = { item: anyNames };
    expect(check(leaf('score', 'exists'), itemsOnly)).toEqual(['INVALID_INPUT', '/when/feature']);
    expect(check({ inSegment: 'vip' }, itemsOnly)).toEqual(['INVALID_INPUT', '/when/inSegment']);
    expect(check(did({}), itemsOnly)).toEqual(['INVALID_INPUT', '/when/did']);
  });

  it('takes behaviours of any event, window and number within the bounds', () => {
    checkCondition(did({ within: 'PT1H', atLeast: 0, atMost: 0, where: { property: { name: 'value', operator: 'greaterThan', value: 50 } } }), declared);
    checkCondition(did({ within: 'P90D' }), declared);
    checkCondition(did({ event: 'anything', since: '2020-01-01', where: { property: { name: '{}:* ü', operator: 'exists' } } }), everything);
  });

  it('takes undeclared names of any type where the source is open', () => {
    const open: Vocabulary = { item: { declared: new Map([['price', 'number']]), open: true } };
    checkCondition({ item: { name: 'colour', operator: 'equals', value: 'red' } }, open);
    expect(check({ item: { name: 'price', operator: 'equals', value: 'red' } }, open)).toEqual(['INVALID_INPUT', '/when/item/value']);
  });

  it('takes 200 nodes and 20 levels, and no more', () => {
    const wide = (leaves: number): Condition => ({ and: Array.from({ length: leaves }, () => leaf('score', 'exists')) });
    const deep = (levels: number): Condition => (levels === 1 ? leaf('score', 'exists') : { not: deep(levels - 1) });
    expect(conditionLimits).toMatchObject({ nodes: 200, depth: 20 });
    checkCondition(wide(199), declared);
    checkCondition(deep(20), declared);
    expect(check(wide(200))).toEqual(['LIMIT_EXCEEDED', '/when']);
    expect(check(deep(21))).toEqual(['LIMIT_EXCEEDED', '/when']);
    expect(check(did({ where: wide(199) }))).toEqual(['LIMIT_EXCEEDED', '/when']);
  });
});

describe('parseCondition', () => {
  it('refuses a tree of 10,000 nodes before it walks it, be it wide or deep', () => {
    let deep: unknown = { inSegment: 'vip' };
    for (let i = 0; i < 10_000; i++) deep = { not: deep };
    const wide = { or: Array.from({ length: 10_000 }, () => ({ inSegment: 'vip' })) };
    expect(refusal(() => parseCondition(deep))).toEqual(['LIMIT_EXCEEDED', '']);
    expect(refusal(() => parseCondition(wide))).toEqual(['LIMIT_EXCEEDED', '']);
    expect(refusal(() => parseCondition({ did: { event: 'login', where: deep } }))).toEqual(['LIMIT_EXCEEDED', '']);
    let within: unknown = { inSegment: 'vip' };
    for (let i = 0; i < 10_000; i++) within = { did: { event: 'login', where: within } };
    expect(refusal(() => parseCondition(within))).toEqual(['LIMIT_EXCEEDED', '']);
  });

  it('takes operators as other systems write them, and one time unless it is told otherwise', () => {
    const given = (operator: string): unknown => ({ attribute: { name: 'age', operator, value: operator === 'in' ? [1] : 1 } });
    const spelled = { equals: 'equals', greater_than: 'greaterThan', less_than: 'lessThan', in: 'in' };
    for (const [operator, ours] of Object.entries(spelled)) expect(parseCondition(given(operator))).toEqual(given(ours));
    expect(parseCondition({ attribute: { name: 'city', operator: 'contains', value: 'x' } })).toEqual({ attribute: { name: 'city', operator: 'contains', value: 'x' } });
    expect(parseCondition({ did: { event: 'login', since: '2026-03-01T13:00+01:00' } })).toEqual({ did: { event: 'login', atLeast: 1, since: '2026-03-01T12:00:00.000Z' } });
  });

  it.each<[string, unknown, string]>([
    ['no field', {}, ''],
    ['two fields', { inSegment: 'vip', not: { inSegment: 'vip' } }, ''],
    ['an unknown field', { and: [{ dad: {} }] }, '/and/0'],
    ['behaviour without an event', { and: [{ did: {} }] }, '/and/0/did/event'],
    ['half a time', { did: { event: 'login', atLeast: 0.5 } }, '/did/atLeast'],
    ['a time that is none', { did: { event: 'login', since: '2026-02-30' } }, '/did/since'],
    ['a huge text', { attribute: { name: 'a', operator: 'equals', value: 'x'.repeat(1001) } }, '/attribute/value'],
    ['an empty conjunction', { and: [] }, '/and'],
    ['an empty alternative', { not: { or: [] } }, '/not/or'],
    ['an unknown operator', { item: { name: 'a', operator: 'like', value: 'b' } }, '/item/operator'],
    ['a name with control characters', { item: { name: 'a\u0000', operator: 'exists' } }, '/item/name'],
    ['an object as a value', { item: { name: 'a', operator: 'equals', value: {} } }, '/item/value'],
    ['a text', 'vip', ''],
    ['nothing', null, ''],
  ])('refuses %s', (_what, tree, path) => {
    expect(refusal(() => parseCondition(tree))).toEqual(['INVALID_INPUT', path]);
  });

  it('says nothing of what was sent', () => {
    try {
      parseCondition({ secretField: 1 });
      throw new Error('Nothing was refused');
    } catch (error) {
      expect(JSON.stringify([String(error), (error as AppError).details])).not.toContain('secretField');
    }
  });
});
