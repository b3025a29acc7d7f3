import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isUuidv7, timeOfUuidv7, uuidv7 } from '../../src/kernel/ids.js';

describe('uuidv7', () => {
  it('holds its time, from the epoch to the last millisecond of 48 bits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), now => {
        const id = uuidv7(now);
        expect(isUuidv7(id)).toBe(true);
        expect(timeOfUuidv7(id)).toBe(now);
      }),
    );
  });

  it('never repeats, also within a millisecond', () => {
    const ids = Array.from({ length: 50_000 }, () => uuidv7(1_700_000_000_000));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('sorts by time as text', () => {
    expect(uuidv7(1_700_000_000_001) > uuidv7(1_700_000_000_000)).toBe(true);
  });
});

describe('isUuidv7', () => {
  it.each(['', 'x', '018bcfe5-6800-4abc-8abc-0123456789ab', '018bcfe5-6800-7abc-cabc-0123456789ab', '018bcfe568007abc8abc0123456789ab'])('refuses %p', text => {
    expect(isUuidv7(text)).toBe(false);
  });
});
