import { describe, expect, it } from '@jest/globals';
import { fnv1a32, seedOf } from '../../src/kernel/hash.js';

describe('fnv1a32', () => {
  it.each([
    ['', 0x811c9dc5],
    ['a', 0xe40c292c],
    ['foobar', 0xbf9cf968],
  ])('hashes %p as its authors do', (text, hash) => {
    expect(fnv1a32(text)).toBe(hash);
  });
});

describe('seedOf', () => {
  it('changes each bit for half of the ids whose last digit alone differs', () => {
    const pairs = 4000;
    const flips = new Array<number>(32).fill(0);
    for (let i = 0; i < pairs; i++) {
      const difference = seedOf(`customer-${i}0`) ^ seedOf(`customer-${i}1`);
      for (let bit = 0; bit < 32; bit++) flips[bit] = (flips[bit] ?? 0) + ((difference >>> bit) & 1);
    }
    const fourStandardErrors = 4 * Math.sqrt(pairs / 4);
    for (const count of flips) expect(Math.abs(count - pairs / 2)).toBeLessThan(fourStandardErrors);
  });

  it('is an unsigned integer of 32 bits', () => {
    for (let i = 0; i < 1000; i++) {
      const seed = seedOf(`id-${i}`);
      expect(seed).toBe(seed >>> 0);
    }
  });
});
