import { describe, expect, it } from '@jest/globals';
import { chanceStability, chiSquareQuantile, normalCdf, normalQuantile, quantileOf, stabilityIndex } from '../../src/kernel/statistics.js';
import { seededRandom } from '../../src/kernel/random.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();

describe('the population stability index', () => {
  it('equals what PostgreSQL makes of the same counts', async () => {
    const random = seededRandom(3);
    for (let run = 0; run < 20; run++) {
      const [expected, actual] = [0, 1].map(() => Array.from({ length: 2 + Math.floor(random() * 12) }, () => 0)) as [number[], number[]];
      actual.length = expected.length;
      for (let i = 0; i < expected.length; i++) [expected[i], actual[i]] = [Math.floor(random() * 300), Math.floor(random() * 300)];
      const { rows: [row] } = await pool.query<{ psi: number }>(
        `WITH counts AS (SELECT e + 0.5::float8 AS e, a + 0.5::float8 AS a FROM unnest($1::float8[], $2::float8[]) AS it(e, a)),
           shares AS (SELECT e / sum(e) OVER () AS e, a / sum(a) OVER () AS a FROM counts)
         SELECT sum((a - e) * ln(a / e)) AS psi FROM shares`,
        [expected, actual],
      );
      expect(stabilityIndex(expected, actual)).toBeCloseTo(row?.psi ?? Number.NaN, 12);
    }
  });

  it('comes to the divergence of two normal distributions, whose closed form is the square of their distance, as bins grow finer', () => {
    // Jeffreys (1946): J = (m1 - m2)^2 / s^2 for equal variances.
    const cases = 1e12;
    for (const distance of [0.25, 0.5, 1]) {
      const edges = Array.from({ length: 4000 }, (_, i) => -8 + (16 + distance) * ((i + 1) / 4001));
      const counts = (mean: number): number[] => [...edges, 1e9].map((edge, i) => cases * (normalCdf(edge - mean) - normalCdf((edges[i - 1] ?? -1e9) - mean)));
      expect(stabilityIndex(counts(0), counts(distance))).toBeCloseTo(distance ** 2, 4);
    }
  });

  it('is nothing between the same shares, the same both ways round, and finite where bins are empty', () => {
    expect(stabilityIndex([1000, 3000], [1000, 3000])).toBe(0);
    expect(stabilityIndex([10, 30, 0], [5, 0, 70])).toBeCloseTo(stabilityIndex([5, 0, 70], [10, 30, 0]), 14);
    expect(Number.isFinite(stabilityIndex([10, 0], [0, 10]))).toBe(true);
  });

  it('passes what it passes by chance about as often as it should', () => {
    const random = seededRandom(11);
    const [n, m, bins, runs] = [400, 250, 10, 4000];
    const limit = chanceStability(n, m, { bins, p: 0.95 });
    const draw = (size: number): number[] => {
      const counts = Array.from({ length: bins }, () => 0);
      for (let i = 0; i < size; i++) {
        const bin = Math.floor(random() * bins);
        counts[bin] = (counts[bin] ?? 0) + 1;
      }
      return counts;
    };
    let passed = 0;
    for (let run = 0; run < runs; run++) if (stabilityIndex(draw(n), draw(m)) > limit) passed += 1;
    const error = Math.sqrt((0.05 * 0.95) / runs);
    // The distribution is that of large samples: allow for a hundredth beside four standard errors.
    expect(Math.abs(passed / runs - 0.05)).toBeLessThan(4 * error + 0.01);
  });
});

describe('quantiles', () => {
  it('of chi-square are within what is promised of the tabled ones', () => {
    // Abramowitz and Stegun (1964), table 26.8.
    for (const [degrees, p, tabled] of [[3, 0.95, 7.81473], [9, 0.95, 16.919], [9, 0.999, 27.877], [11, 0.999, 31.264], [30, 0.99, 50.8922]] as const) {
      expect(Math.abs(chiSquareQuantile(p, degrees) / tabled - 1)).toBeLessThan(0.01);
    }
    expect(Math.abs(chiSquareQuantile(0.95, 1) / normalQuantile(0.975) ** 2 - 1)).toBeLessThan(0.05);
    expect(chiSquareQuantile(0.999, 0)).toBe(0);
  });

  it('of values are linear between neighbours', () => {
    expect([0, 0.25, 0.5, 1].map(p => quantileOf([1, 2, 4], p))).toEqual([1, 1.5, 2, 4]);
    expect(quantileOf([], 0.5)).toBeNaN();
  });
});
