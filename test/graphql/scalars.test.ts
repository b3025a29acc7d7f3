import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseValue } from 'graphql';
import { CursorScalar, DateTimeScalar, DurationScalar, JsonScalar } from '../../src/graphql/scalars.js';

describe('DateTime', () => {
  it.each([
    ['2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T12:00:00.5Z', '2026-03-01T12:00:00.500Z'],
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
  ])('reads %s as %s', (given, read) => {
    expect(DateTimeScalar.parseValue(given)).toBe(read);
    expect(DateTimeScalar.parseLiteral(parseValue(`"${given}"`))).toBe(read);
  });

  it('writes dates, epoch milliseconds and ISO text alike', () => {
    const time = '2026-03-01T10:00:00.000Z';
    for (const value of [new Date(time), Date.parse(time), time]) expect(DateTimeScalar.serialize(value)).toBe(time);
  });

  it.each([['2026-03-01T12:00:00'], ['yesterday'], ['2026-13-01'], [7], [null]])('refuses %s', value => {
    expect(() => DateTimeScalar.parseValue(value)).toThrow('DateTime cannot represent this value.');
  });

  it.each([[Number.NaN], [Infinity], [new Date(Number.NaN)], [{}]])('does not write %s', value => {
    expect(() => DateTimeScalar.serialize(value)).toThrow();
  });
});

describe('JSON', () => {
  it('passes any JSON value on', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), value => {
        fc.pre(!JSON.stringify(value).includes('__proto__'));
        expect(JsonScalar.parseValue(value)).toBe(value);
        expect(JsonScalar.serialize(value)).toBe(value);
      }),
      { seed: 3 },
    );
  });

  const deep = (levels: number): unknown => (levels === 0 ? 1 : [deep(levels - 1)]);
  it.each<[string, unknown, unknown]>([
    ['depth', deep(16), deep(17)],
    ['number of values', new Array(9999).fill(1), new Array(10_000).fill(1)],
    ['text', 'x'.repeat(100_000), 'x'.repeat(100_001)],
    ['text of names', { ['x'.repeat(100_000)]: 1 }, { ['x'.repeat(100_001)]: 1 }],
    ['finite numbers', [1e308], [Infinity]],
    ['numbers', [0], [Number.NaN]],
    ['plain names', { proto: 1 }, JSON.parse('{"__proto__":1}')],
    ['JSON types', { a: null }, { a: undefined }],
  ])('holds to its bound of %s', (_what, within, beyond) => {
    expect(JsonScalar.parseValue(within)).toBe(within);
    expect(() => JsonScalar.parseValue(beyond)).toThrow('JSON cannot represent this value.');
    expect(() => JsonScalar.serialize(beyond)).toThrow('JSON cannot represent this value.');
  });

  it('reads literals, with their variables', () => {
    expect(JsonScalar.parseLiteral(parseValue('{ a: [1, 2.5, "x", true, null, $v] }'), { v: 7 })).toEqual({ a: [1, 2.5, 'x', true, null, 7] });
    expect(() => JsonScalar.parseLiteral(parseValue('[1e999]'))).toThrow();
  });
});

describe('Duration and Cursor', () => {
  it('take what they are for', () => {
    for (const text of ['P30D', 'PT15M', 'P1W', 'PT0.5S']) expect(DurationScalar.parseValue(text)).toBe(text);
    for (const text of ['P1M', 'P', '30 days', 'PT', 30]) expect(() => DurationScalar.parseValue(text)).toThrow();
    expect(CursorScalar.parseValue('x')).toBe('x');
    for (const text of ['', 'x'.repeat(4097), 1]) expect(() => CursorScalar.parseValue(text)).toThrow();
    expect(() => CursorScalar.parseLiteral(parseValue('1'))).toThrow();
  });
});
