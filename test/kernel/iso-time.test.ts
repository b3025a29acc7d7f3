import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isoTimeMs } from '../../src/kernel/iso-time.js';

describe('isoTimeMs', () => {
  it('reads what a date writes', () => {
    const years = { min: new Date('0000-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true };
    fc.assert(fc.property(fc.date(years), date => { expect(isoTimeMs(date.toISOString())).toBe(date.getTime()); }), { seed: 1 });
  });

  it.each([
    ['2026-03-01', '2026-03-01T00:00:00.000Z'],
    ['2028-02-29', '2028-02-29T00:00:00.000Z'],
    ['2000-02-29', '2000-02-29T00:00:00.000Z'],
    ['2026-03-01T12:00Z', '2026-03-01T12:00:00.000Z'],
    ['2026-03-01T12:00:00+01:30', '2026-03-01T10:30:00.000Z'],
    ['2026-03-01T12:00:00.123456789Z', '2026-03-01T12:00:00.123Z'],
  ])('reads %s as %s', (text, expected) => {
    expect(new Date(isoTimeMs(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each(['2026-03-01T12:00:00', '2026', '5', '1 March 2026', '2026-13-01', '2026-03-01T25:00:00Z', '2026-03-01T12:00:00z', '2026-02-29', '2100-02-29', '2026-04-31', '2026-00-10', '2026-01-00', '2026-03-01T24:00:00Z', ' 2026-03-01', ''])(
    'refuses %j',
    text => {
      expect(isoTimeMs(text)).toBeUndefined();
    },
  );
});
