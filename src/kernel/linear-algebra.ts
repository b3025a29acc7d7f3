/** Of the diagonal; rounding leaves some 1e-16 times the root of the number of summands. */
const insignificant = 1e-12;

/**
 * Inverse W of the Cholesky factor of a symmetric positive definite A = L Lᵀ: W = L⁻¹, so A⁻¹ = Wᵀ W and xᵀ A⁻¹ x = |W x|²
 * (Golub, Van Loan 2013, sections 4.2 and 3.1).
 * @param a row-major [n, n]; its lower triangle is read
 * @param leastPivot > 0, a bound below all pivots in exact arithmetic, such as the ridge that was added to A. Where rounding has left a
 *   pivot below it, or below 1e-12 of the diagonal, that is taken: what a sum of millions cannot tell from 0 counts as no more than that
 * @returns the lower triangle row by row, of length n (n + 1) / 2
 */
export function inverseCholesky(a: Float64Array, n: number, leastPivot: number): Float64Array {
  const w = choleskyFactor(a, n, leastPivot);
  // Row i of L turns into row i of W, which needs L's row i and W's rows before.
  for (let i = 0; i < n; i++) {
    const row = rowStart(i);
    const scale = 1 / (w[row + i] ?? 1);
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += (w[row + k] ?? 0) * (w[rowStart(k) + j] ?? 0);
      w[row + j] = -sum * scale;
    }
    w[row + i] = scale;
  }
  return w;
}

/** x with A x = b. @param w `inverseCholesky` of A */
export function solveWith(w: Float64Array, b: Float64Array): Float64Array {
  const n = b.length;
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const row = rowStart(i);
    let z = 0;
    for (let j = 0; j <= i; j++) z += (w[row + j] ?? 0) * (b[j] ?? 0);
    for (let j = 0; j <= i; j++) x[j] = (x[j] ?? 0) + (w[row + j] ?? 0) * z;
  }
  return x;
}

/** xᵀ A⁻¹ x, at least 0. @param w `inverseCholesky` of A */
export function inverseQuadraticForm(w: Float64Array, x: Float64Array): number {
  let form = 0;
  let at = 0;
  for (let i = 0; i < x.length; i++) {
    let z = 0;
    for (let j = 0; j <= i; j++) z += (w[at++] ?? 0) * (x[j] ?? 0);
    form += z * z;
  }
  return form;
}

/** xᵀ y. */
export function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] ?? 0) * (y[i] ?? 0);
  return sum;
}

function choleskyFactor(a: Float64Array, n: number, leastPivot: number): Float64Array {
  const l = new Float64Array(rowStart(n));
  for (let i = 0; i < n; i++) {
    const row = rowStart(i);
    for (let j = 0; j <= i; j++) {
      const other = rowStart(j);
      let sum = a[i * n + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (l[row + k] ?? 0) * (l[other + k] ?? 0);
      l[row + j] = i === j ? Math.sqrt(Math.max(sum, leastPivot, insignificant * (a[i * (n + 1)] ?? 0))) : sum / (l[other + j] ?? 1);
    }
  }
  return l;
}

const rowStart = (i: number): number => (i * (i + 1)) / 2;
