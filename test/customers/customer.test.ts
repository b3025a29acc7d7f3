import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { factsOf, withFacts, type Profile } from '../../src/customers/customer.js';

const values = fc.oneof(fc.string(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
const names = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const change = fc.dictionary(names, fc.option(values, { nil: null }));
const timed = fc.array(fc.record({ name: names, value: fc.option(values, { nil: null }), at: fc.integer({ min: 1, max: 4 }) }), { maxLength: 12 });
const blank: Profile = { attributes: {}, times: {} };
const now = 1000;

describe('withFacts', () => {
  it('takes facts without a time as the newest: sets what is named, removes what is null, leaves the rest, and names what is different', () => {
    fc.assert(fc.property(timed, change, (known, wanted) => {
      const before = withFacts(blank, known, now);
      const after = withFacts(before, Object.entries(wanted).map(([name, value]) => ({ name, value, at: undefined })), now);
      for (const name of new Set([...Object.keys(before.attributes), ...Object.keys(wanted)])) {
        const [was, is] = [before, after].map(it => (Object.hasOwn(it.attributes, name) ? it.attributes[name] : undefined));
        const expected = Object.hasOwn(wanted, name) ? (wanted[name] ?? undefined) : was;
        expect(JSON.stringify(is)).toBe(JSON.stringify(expected));
        expect(after.changed.includes(name)).toBe(JSON.stringify(was) !== JSON.stringify(is));
      }
    }));
  });

  it('gives the same profile for facts with times in any order, each any number of times', () => {
    fc.assert(fc.property(timed, fc.infiniteStream(fc.nat()), (facts, chance) => {
      const straight = withFacts(blank, facts, now);
      const shuffled = [...facts, ...facts].map(it => [chance.next().value, it] as const).sort(([a], [b]) => a - b).map(([, it]) => it);
      const other = withFacts(blank, shuffled, now);
      expect(new Map(Object.entries(other.attributes))).toEqual(new Map(Object.entries(straight.attributes)));
      expect(new Map(Object.entries(other.times))).toEqual(new Map(Object.entries(straight.times)));
    }));
  });

  it('gives the same whether facts are told to one profile or to two that are merged', () => {
    fc.assert(fc.property(timed, timed, (some, others) => {
      const together = withFacts(blank, [...some, ...others], now);
      const apart = withFacts(withFacts(blank, some, now), factsOf(withFacts(blank, others, now)), now);
      expect(new Map(Object.entries(apart.attributes))).toEqual(new Map(Object.entries(together.attributes)));
    }));
  });
});
