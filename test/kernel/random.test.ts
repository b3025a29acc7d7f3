import { describe, expect, it } from '@jest/globals';
import { seedOf } from '../../src/kernel/hash.js';
import { seededRandom } from '../../src/kernel/random.js';

const draws = 40_000;

/** Chi-squared of `bins` equal bins has the mean bins - 1 and the variance 2 (bins - 1). */
function expectUniform(values: Iterable<number>, bins = 50): void {
  const counts = new Array<number>(bins).fill(0);
  let n = 0;
  for (const value of values) {
    counts[Math.floor(value * bins)] = (counts[Math.floor(value * bins)] ?? 0) + 1;
    n += 1;
  }
  expect(counts).toHaveLength(bins);
  const chiSquared = counts.reduce((sum, count) => sum + (count - n / bins) ** 2 / (n / bins), 0);
  expect(chiSquared).toBeLessThan(bins - 1 + 4 * Math.sqrt(2 * (bins - 1)));
}

describe('seededRandom', () => {
  it('repeats its draws for the same seed, and gives others for another', () => {
    const take = (seed: number): readonly number[] => Array.from({ length: 10 }, seededRandom(seed));
    expect(take(7)).toEqual(take(7));
    expect(take(7)).not.toEqual(take(8));
  });

  it('draws evenly from [0, 1)', () => {
    expectUniform(Array.from({ length: draws }, seededRandom(1)));
  });

  it.each([0, 1, 2])('draws evenly over the seeds of many ids, at draw %i', skipped => {
    const values = Array.from({ length: draws }, (_, i) => {
      const random = seededRandom(seedOf(`decision-${i}`));
      for (let k = 0; k < skipped; k++) random();
      return random();
    });
    expectUniform(values);
  });

  it('does not tie one draw to the next over many seeds', () => {
    const n = draws;
    let sum = 0;
    for (let i = 0; i < n; i++) {
      const random = seededRandom(seedOf(`decision-${i}`));
      sum += (random() - 0.5) * (random() - 0.5);
    }
    const correlation = (sum / n) * 12;
    expect(Math.abs(correlation)).toBeLessThan(4 / Math.sqrt(n));
  });
});
