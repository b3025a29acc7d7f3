import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { packDoubles, unpackDoubles } from '../../src/kernel/doubles.js';

const lists = fc.array(fc.option(fc.double({ noNaN: true })), { maxLength: 600, size: 'max' });

describe('packed doubles', () => {
  it('come back with every bit, however many there are', () => {
    fc.assert(fc.property(lists, values => {
      expect(unpackDoubles(packDoubles(values))).toEqual(values);
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
