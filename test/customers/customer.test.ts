import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { mergedAttributes } from '../../src/customers/customer.js';

const values = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const attributes = fc.dictionary(names, values);
const change = fc.dictionary(names, fc.option(values, { nil: null }));

describe('mergedAttributes', () => {
  it('sets what is named, removes what is null, leaves the rest, and names what is different', () => {
    fc.assert(fc.property(attributes, change, (before, wanted) => {
      const { attributes: after, changed } = mergedAttributes(before, wanted);
      for (const name of new Set([...Object.keys(before), ...Object.keys(wanted)])) {
        const expected = Object.hasOwn(wanted, name) ? (wanted[name] ?? undefined) : before[name];
        const [was, is] = [before, after].map(it => (Object.hasOwn(it, name) ? it[name] : undefined));
        expect(is).toEqual(expected);
        expect(changed.includes(name)).toBe(JSON.stringify(was) !== JSON.stringify(is));
      }
    }));
  });

  it('changes nothing the second time', () => {
    fc.assert(fc.property(attributes, change, (before, wanted) => {
      const once = mergedAttributes(before, wanted);
      expect(mergedAttributes(once.attributes, wanted)).toEqual({ attributes: once.attributes, changed: [] });
    }));
  });
});
