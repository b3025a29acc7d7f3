import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packDoubles, unpackDoubles } from '../../src/kernel/doubles.js';

const anyNumbers = fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 600, size: 'max' });
/** As propensities are: of many candidates most have the same. */
const fewNumbers = fc.array(fc.option(fc.double({ noNaN: true })), { minLength: 1, maxLength: 60 }).chain(some => fc.array(fc.constantFrom(...some, 0, -0), { maxLength: 600, size: 'max' }));
const lists = fc.oneof(anyNumbers, fewNumbers);

describe('packed doubles', () => {
  it('come back with every bit, however many there are', () => {
    fc.assert(fc.property(lists, values => {
      expect(unpackDoubles(packDoubles(values))).toEqual(values);
    }));
  });

  it('are shorter where few values are said again and again, and never longer', () => {
    expect(packDoubles(Array.from({ length: 100 }, (_, i) => (i === 7 ? 0.9 : 0.001)))).toHaveLength(24 + 1 + 100);
    fc.assert(fc.property(lists, values => {
      expect(packDoubles(values).length).toBeLessThanOrEqual(4 * Math.ceil((values.length * 8) / 3));
    }));
  });

  it('do not change with the lists that are packed after them', () => {
    fc.assert(fc.property(lists, lists, (one, other) => {
      const before = packDoubles(one);
      packDoubles(other);
      expect(packDoubles(one)).toBe(before);
      expect(unpackDoubles(before)).toEqual(one);
    }));
  });
});
