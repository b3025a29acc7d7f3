import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inverseCholesky, inverseQuadraticForm, solveWith } from '../../src/kernel/linear-algebra.js';

const size = fc.integer({ min: 1, max: 12 });
/** Rows whose Gram matrix is made positive definite by a ridge, and a right-hand side. */
const systems = size.chain(n =>
  fc.record({
    n: fc.constant(n),
    rows: fc.array(fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: n, maxLength: n }), { maxLength: 30 }),
    b: fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: n, maxLength: n }),
    ridge: fc.double({ min: 0.01, max: 100, noNaN: true }),
  }),
);

function gram(rows: readonly (readonly number[])[], n: number, ridge: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    return rows.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), i === j ? ridge : 0);
  });
}

describe('inverseCholesky', () => {
  it('is the inverse factor of the worked example of order 3', () => {
    // A = L Lᵀ with L = [[2], [6, 1], [-8, 5, 3]]; L⁻¹ by hand.
    const w = inverseCholesky(Float64Array.of(4, 12, -16, 12, 37, -43, -16, -43, 98), 3, 1e-3);
    const expected = [1 / 2, -3, 1, 19 / 3, -5 / 3, 1 / 3];
    expected.forEach((it, i) => {
      expect(w[i]).toBeCloseTo(it, 13);
    });
  });

  it('solves A x = b', () => {
    fc.assert(
      fc.property(systems, ({ n, rows, b, ridge }) => {
        const a = gram(rows, n, ridge);
        const x = solveWith(inverseCholesky(a, n, ridge), Float64Array.from(b));
        const scale = Math.max(...a.map(Math.abs)) * Math.max(...x.map(Math.abs)) + Math.max(...b.map(Math.abs));
        b.forEach((value, i) => {
          const back = x.reduce((sum, it, j) => sum + (a[i * n + j] ?? 0) * it, 0);
          expect(Math.abs(back - value)).toBeLessThanOrEqual(1e-9 * scale + 1e-300);
        });
      }),
    );
  });

  it('gives the form b · A⁻¹ b, within the bounds of the ridge', () => {
    fc.assert(
      fc.property(systems, ({ n, rows, b, ridge }) => {
        const w = inverseCholesky(gram(rows, n, ridge), n, ridge);
        const form = inverseQuadraticForm(w, Float64Array.from(b));
        const square = b.reduce((sum, it) => sum + it * it, 0);
        const direct = solveWith(w, Float64Array.from(b)).reduce((sum, it, i) => sum + it * (b[i] ?? 0), 0);
        expect(Math.abs(form - direct)).toBeLessThanOrEqual(1e-9 * (1 + form));
        expect(form).toBeGreaterThanOrEqual(0);
        expect(form).toBeLessThanOrEqual((square / ridge) * (1 + 1e-9) + 1e-300);
      }),
    );
  });

  it('keeps the directions that it knows where rounding has eaten the ridge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 65 }), fc.double({ min: 1, max: 1e12, noNaN: true }), fc.integer({ min: 1, max: 50 }), (n, large, times) => {
        // The same row again and again: in its direction the form is 1 / times, and A's other eigenvalues are the ridge alone.
        const row = Array.from({ length: n }, (_, i) => large * (1 + Math.sin(i)));
        const w = inverseCholesky(gram(Array.from({ length: times }, () => row), n, 1e-6), n, 1e-6);
        const form = inverseQuadraticForm(w, Float64Array.from(row));
        expect(form * times).toBeGreaterThan(0.9);
        expect(form * times).toBeLessThan(1.1);
      }),
      { numRuns: 30 },
    );
  });
});
