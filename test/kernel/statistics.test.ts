import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { momentsOf, normal95, normalCdf, normalQuantile, wilsonInterval } from '../../src/kernel/statistics.js';

describe('normalCdf', () => {
  // Abramowitz and Stegun (1964), table 26.1.
  it.each([
    [0, 0.5],
    [0.5, 0.691462461274013],
    [1, 0.841344746068543],
    [1.96, 0.97500210485178],
    [2, 0.977249868051821],
    [3, 0.998650101968370],
    [4, 0.999968328758167],
  ])('of %d is %d', (x, p) => {
    expect(Math.abs(normalCdf(x) - p)).toBeLessThan(1e-14);
    expect(Math.abs(normalCdf(-x) - (1 - p))).toBeLessThan(1e-14);
  });

  it('grows from 0 to 1', () => {
    expect([normalCdf(-40), normalCdf(40)]).toEqual([0, 1]);
    fc.assert(
      fc.property(fc.double({ min: -12, max: 12, noNaN: true }), fc.double({ min: 0, max: 5, noNaN: true }), (x, more) => {
        expect(normalCdf(x + more)).toBeGreaterThanOrEqual(normalCdf(x) - 1e-14);
      }),
    );
  });
});

describe('normalQuantile', () => {
  // Wichura (1988), AS 241, and the usual tables of critical values.
  it.each([
    [0.5, 0],
    [0.25, -0.6744897501960817],
    [0.9, 1.2815515655446004],
    [0.95, 1.6448536269514722],
    [0.975, 1.959963984540054],
    [0.995, 2.5758293035489004],
    [0.001, -3.090232306167814],
  ])('of %d is %d', (p, x) => {
    expect(Math.abs(normalQuantile(p) - x)).toBeLessThan(1e-12);
  });

  it('undoes the distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-4, max: 1 - 1e-4, noNaN: true }), p => {
        expect(Math.abs(normalCdf(normalQuantile(p)) - p)).toBeLessThan(1e-14);
      }),
    );
  });
});

describe('wilsonInterval', () => {
  // Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I, method 3.
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('of %d in %d is [%d, %d]', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it('ends where the score test does', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const successes = Math.round(share * trials);
        const { low, high } = wilsonInterval(successes, trials);
        for (const end of [low, high]) {
          if (end === 0 || end === 1) continue;
          const score = Math.abs(successes / trials - end) / Math.sqrt((end * (1 - end)) / trials);
          expect(Math.abs(score - normal95)).toBeLessThan(1e-6);
        }
      }),
    );
  });
});

describe('momentsOf', () => {
  it('gives the mean and variance of the sample', () => {
    // NIST's StRD data set NumAcc4: mean 10000000.2, standard deviation 0.1, where naive sums of squares fail.
    const values = [10_000_000.2, ...Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 10_000_000.1 : 10_000_000.3))];
    const { count, mean, variance } = momentsOf(values);
    expect(count).toBe(1001);
    expect(mean).toBeCloseTo(10_000_000.2, 7);
    expect(Math.sqrt(variance)).toBeCloseTo(0.1, 8);
  });

  it('has no mean of nothing and no variance of one', () => {
    expect(momentsOf([])).toEqual({ count: 0, mean: Number.NaN, variance: Number.NaN });
    expect(momentsOf([3])).toEqual({ count: 1, mean: 3, variance: Number.NaN });
  });
});
