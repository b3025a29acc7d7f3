import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonicalJson, isShallow, mostLevels, type Json } from '../../src/kernel/json.js';

/** The same value with the keys of all its objects in the opposite order. */
function reordered(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(reordered);
  return Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reordered(member)]));
}

const json = fc.jsonValue({ noUnicodeString: false }) as fc.Arbitrary<Json>;

describe('canonicalJson', () => {
  it('reads back as the same value', () => {
    fc.assert(
      fc.property(json, value => {
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('does not depend on the order of keys', () => {
    fc.assert(
      fc.property(json, value => {
        expect(canonicalJson(reordered(value))).toBe(canonicalJson(value));
      }),
    );
  });

  it('leaves out what is undefined, as JSON does', () => {
    expect(canonicalJson({ b: 1, a: undefined } as unknown as Json)).toBe('{"b":1}');
  });

  it.each([Number.NaN, Infinity, -Infinity])('refuses %p wherever it stands', value => {
    expect(() => canonicalJson({ a: [value] })).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  });
});

describe('isShallow', () => {
  const nested = (levels: number): unknown => JSON.parse(Array.from({ length: levels }, (_, i) => (i % 2 ? '[' : '{"a":')).join('') + '1' + Array.from({ length: levels }, (_, i) => ((levels - 1 - i) % 2 ? ']' : '}')).join(''));

  it('counts lists and objects alike', () => {
    expect(isShallow(nested(mostLevels))).toBe(true);
    expect(isShallow(nested(mostLevels + 1))).toBe(false);
    expect(isShallow([1, { a: nested(mostLevels) }])).toBe(false);
  });

  it('answers for any depth', () => {
    expect(isShallow(nested(1_000_000))).toBe(false);
  });
});
