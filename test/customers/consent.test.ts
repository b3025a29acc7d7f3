import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isGranted, nextConsentEnd, presentConsents, withEndedRefused, type ConsentStatement } from '../../src/customers/consent.js';

const said = (purpose: string, granted: boolean, at: number, until?: number): ConsentStatement => ({ purpose, granted, at, ...(until !== undefined && { until }), source: 'form', saidBy: 'key' });
const statements = fc.array(
  fc.record({ purpose: fc.constantFrom('ads', 'mail', '__proto__'), granted: fc.boolean(), at: fc.integer({ min: 1, max: 4 }), until: fc.option(fc.integer({ min: 5, max: 9 }), { nil: undefined }) })
    .map(({ purpose, granted, at, until }) => said(purpose, granted, at, granted ? until : undefined)),
  { maxLength: 12 },
);

describe('presentConsents', () => {
  it('holds what was said last, and of the same time the more careful', () => {
    expect(presentConsents([said('ads', true, 2), said('ads', false, 1)])).toEqual({ ads: { granted: true } });
    expect(presentConsents([said('ads', true, 2), said('ads', false, 2)])).toEqual({ ads: { granted: false } });
    expect(presentConsents([said('ads', true, 2), said('ads', true, 2, 9), said('mail', false, 1)])).toEqual({ ads: { granted: true, until: 9 }, mail: { granted: false } });
  });

  it('is the same in any order', () => {
    fc.assert(fc.property(statements, fc.infiniteStream(fc.nat()), (all, chance) => {
      const shuffled = all.map(it => [chance.next().value, it] as const).sort(([a], [b]) => a - b).map(([, it]) => it);
      expect(JSON.stringify(presentConsents(shuffled))).toBe(JSON.stringify(presentConsents(all)));
    }));
  });
});

describe('a consent', () => {
  it('is not granted where nothing was said, whatever every object inherits', () => {
    expect(isGranted({}, 'constructor', 0)).toBe(false);
  });

  it('ends at its time, and not a millisecond before', () => {
    const consents = presentConsents([said('ads', true, 1, 10), said('mail', true, 1)]);
    expect([9, 10].map(now => isGranted(consents, 'ads', now))).toEqual([true, false]);
    expect([nextConsentEnd(consents, 9), nextConsentEnd(consents, 10)]).toEqual([10, undefined]);
    expect(withEndedRefused(consents, 9)).toEqual({ consents, ended: [] });
    expect(withEndedRefused(consents, 10)).toEqual({ consents: { ads: { granted: false, until: 10 }, mail: { granted: true } }, ended: ['ads'] });
    expect(withEndedRefused(withEndedRefused(consents, 10).consents, 11).ended).toEqual([]);
  });
});
