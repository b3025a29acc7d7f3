import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FeatureValue } from '../../src/customers/online-record.js';
import { compileEncoder, type Encoder, type Rows } from '../../src/models/encode.js';
import { columnsOf, widthOf, type InputContract, type ModelInput } from '../../src/models/input-contract.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const facts: Parameters<Encoder>[0] = {
  attributes: { plan: 'gold', size_shoes: 43 },
  features: { score: 0.5, loyal: true, affinity_shoes: 0.75, seen: ['a', 'b', 'c'] },
  context: { hour: 6, score: 9 },
  now,
};
const item = { category: 'shoes', tags: ['new', 'sale'], publishedAt: '2026-02-27T12:00:00Z', score: 7 };

const input = (source: ModelInput['source'], name: string, transform: ModelInput['transform'], missing = -1): ModelInput => ({ source, name, transform, missing });
const number = { kind: 'number', scale: 1, offset: 0 } as const;

function encoded(contract: InputContract, of: Parameters<Encoder>[0] = facts, candidate: Rows['items'][number] = item): readonly number[] {
  const out = new Float32Array(widthOf(contract));
  compileEncoder(contract)(of, { items: [candidate], chosen: [0] }, out, 0);
  return [...out];
}

describe('compileEncoder', () => {
  it.each([
    ['a number, scaled and shifted', input('feature', 'score', { kind: 'number', scale: 4, offset: 1 }), [3]],
    ['a boolean as 0 or 1', input('feature', 'loyal', number), [1]],
    ['a text as one column of a few', input('attribute', 'plan', { kind: 'oneHot', values: ['silver', 'gold'] }), [0, 1]],
    ['a text that is none of them as zeros', input('attribute', 'plan', { kind: 'oneHot', values: ['silver'] }), [0]],
    ['a list as several columns of a few', input('item', 'tags', { kind: 'oneHot', values: ['sale', 'old', 'new'] }), [1, 0, 1]],
    ['the length of a list', input('feature', 'seen', { kind: 'count', scale: 0.5 }), [1.5]],
    ['an hour as a place on the clock', input('context', 'hour', { kind: 'cyclic', period: 24 }), [1, Math.fround(Math.cos(Math.PI / 2))]],
    ['a time as its age in days', input('item', 'publishedAt', { kind: 'ageDays', scale: 0.5 }), [1]],
    ['the feature of the category of the candidate', input('feature', 'affinity_{category}', number), [0.75]],
    ['the attribute of the category of the candidate', input('attribute', 'size_{category}', number), [43]],
    ['the same name in each of its sources', input('context', 'score', number), [9]],
    ['a field of the item', input('item', 'score', number), [7]],
  ])('encodes %s', (_what, of, columns) => {
    expect(encoded([of])).toEqual(columns);
  });

  it.each([
    ['a number', input('feature', 'nothing', number)],
    ['a text', input('attribute', 'nothing', { kind: 'oneHot', values: ['a', 'b'] })],
    ['a number that is a text', input('attribute', 'plan', number)],
    ['a text that is a number', input('feature', 'score', { kind: 'oneHot', values: ['a', 'b'] })],
    ['a list that is a text', input('attribute', 'plan', { kind: 'count', scale: 1 })],
    ['an hour that is a text', input('attribute', 'plan', { kind: 'cyclic', period: 24 })],
    ['a time that is none', input('attribute', 'plan', { kind: 'ageDays', scale: 1 })],
    ['a feature of the category of an item without one', input('feature', 'affinity_{category}', number), { tags: [] }],
  ])('fills all columns of %s that is missing with the stand-in', (_what, of, candidate: Rows['items'][number] = item) => {
    expect(encoded([of], facts, candidate)).toEqual(new Array(columnsOf(of.transform)).fill(-1));
  });

  it('finds nothing by a name that every object has', () => {
    expect(encoded([input('feature', 'constructor', number), input('item', 'toString', number)])).toEqual([-1, -1]);
  });

  const transforms: fc.Arbitrary<ModelInput['transform']> = fc.oneof(
    fc.record({ kind: fc.constant('number' as const), scale: fc.integer({ min: -4, max: 4 }), offset: fc.integer({ min: -4, max: 4 }) }),
    fc.record({ kind: fc.constant('oneHot' as const), values: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 4 }) }),
    fc.record({ kind: fc.constant('count' as const), scale: fc.integer({ min: -4, max: 4 }) }),
    fc.record({ kind: fc.constant('cyclic' as const), period: fc.integer({ min: 1, max: 48 }) }),
    fc.record({ kind: fc.constant('ageDays' as const), scale: fc.integer({ min: -4, max: 4 }) }),
  );
  const inputs = fc.record({
    source: fc.constantFrom('attribute' as const, 'feature' as const, 'context' as const, 'item' as const),
    name: fc.constantFrom('x', 'y', 'x_{category}'),
    transform: transforms,
    missing: fc.integer({ min: -9, max: 9 }),
  });
  const values: fc.Arbitrary<Record<string, FeatureValue>> = fc.dictionary(
    fc.constantFrom('x', 'y', 'x_a', 'category'),
    fc.oneof(fc.integer({ min: -100, max: 100 }), fc.boolean(), fc.constantFrom('a', 'b', '2026-01-01T00:00:00Z'), fc.array(fc.constantFrom('a', 'b', 'c'))),
  );

  it('writes each input into its own columns, each candidate into its own row, and nothing outside of the rows', () => {
    const candidates = fc.array(fc.tuple(values, fc.boolean()), { maxLength: 4 });
    fc.assert(
      fc.property(fc.array(inputs, { minLength: 1, maxLength: 6 }), fc.array(values, { minLength: 1, maxLength: 2 }), candidates, fc.nat(5), (contract, customers, shown, offset) => {
        const encode = compileEncoder(contract);
        const items = shown.map(([it]) => it);
        const chosen = shown.flatMap(([, isChosen], i) => (isChosen ? [i] : []));
        const end = offset + chosen.length * widthOf(contract);
        const out = new Float32Array(end + 3).fill(77);
        for (const of of customers) {
          const all = { attributes: of, features: of, context: of, now };
          encode(all, { items, chosen }, out, offset);
          expect([...out.subarray(offset, end)]).toEqual(chosen.flatMap(i => contract.flatMap(one => encoded([one], all, items[i]))));
        }
        expect([...out.subarray(0, offset), ...out.subarray(end)]).toEqual(new Array(offset + 3).fill(77));
        expect(out.every(Number.isFinite)).toBe(true);
      }),
    );
  });
});
