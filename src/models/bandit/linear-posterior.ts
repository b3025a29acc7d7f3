import { dot, inverseCholesky, inverseQuadraticForm, solveWith } from '../../kernel/linear-algebra.js';

/**
 * Sums of one arm of a linear bandit: of x xᵀ over its trials and of r x over their rewards. Without the prior, and order-free:
 * any order and grouping of the same trials gives the same sums up to rounding, and a reward can be corrected.
 */
export interface ArmSums {
  readonly dimensions: number;
  readonly trials: number;
  /** Row-major [dimensions, dimensions], symmetric. */
  readonly xx: Float64Array;
  readonly xr: Float64Array;
}

export function noTrials(dimensions: number): ArmSums {
  return { dimensions, trials: 0, xx: new Float64Array(dimensions * dimensions), xr: new Float64Array(dimensions) };
}

/** The sums with one more trial, whose reward counts 0 until `withReward` adds it. @param x of length `dimensions`, finite */
export function withTrial(sums: ArmSums, x: Float64Array): ArmSums {
  const { dimensions: d } = sums;
  const xx = new Float64Array(sums.xx);
  for (let i = 0, at = 0; i < d; i++) {
    const xi = x[i] ?? 0;
    for (let j = 0; j < d; j++, at++) xx[at] = (xx[at] ?? 0) + xi * (x[j] ?? 0);
  }
  return { ...sums, trials: sums.trials + 1, xx };
}

/** The sums after the reward of a trial with this x has changed by `delta`. */
export function withReward(sums: ArmSums, x: Float64Array, delta: number): ArmSums {
  const xr = new Float64Array(sums.xr);
  for (let i = 0; i < xr.length; i++) xr[i] = (xr[i] ?? 0) + delta * (x[i] ?? 0);
  return { ...sums, xr };
}

/**
 * What an arm is scored by: ridge regression with A = λI + Σ x xᵀ and b = Σ r x, which is the posterior of Bayesian linear regression
 * with the prior N(0, I σ²/λ) and noise of variance σ² (Bishop 2006, section 3.3).
 */
export interface SolvedArm {
  /** Mean of the posterior, A⁻¹ b. */
  readonly theta: Float64Array;
  /** A's inverse Cholesky factor, as `inverseCholesky` gives it. */
  readonly whitening: Float64Array;
}

/** @param lambda ridge strength, > 0: the least that A's pivots can be */
export function solve({ dimensions: d, xx, xr }: ArmSums, lambda: number): SolvedArm {
  const a = new Float64Array(xx);
  for (let i = 0; i < d; i++) a[i * (d + 1)] = (a[i * (d + 1)] ?? 0) + lambda;
  const whitening = inverseCholesky(a, d, lambda);
  return { theta: solveWith(whitening, xr), whitening };
}

/** Expected reward: xᵀθ. */
export function meanOf({ theta }: SolvedArm, x: Float64Array): number {
  return dot(theta, x);
}

/** Width of the confidence bound, √(xᵀ A⁻¹ x): LinUCB scores mean + α · width (Li, Chu, Langford, Schapire 2010, algorithm 1). */
export function widthOf({ whitening }: SolvedArm, x: Float64Array): number {
  return Math.sqrt(inverseQuadraticForm(whitening, x));
}

const formatVersion = 1;
const headerBytes = 16;

/** Bytes for storage: version, dimensions, trials, then the sums as little-endian doubles. */
export function packSums({ dimensions, trials, xx, xr }: ArmSums): Uint8Array {
  const bytes = new Uint8Array(headerBytes + 8 * (xx.length + xr.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, formatVersion, true);
  view.setUint32(4, dimensions, true);
  view.setFloat64(8, trials, true);
  let at = headerBytes;
  for (const values of [xx, xr]) {
    for (const value of values) {
      view.setFloat64(at, value, true);
      at += 8;
    }
  }
  return bytes;
}

/** Undefined for bytes of another form. */
export function unpackSums(bytes: Uint8Array): ArmSums | undefined {
  if (bytes.byteLength < headerBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const d = view.getUint32(4, true);
  if (view.getUint32(0, true) !== formatVersion || bytes.byteLength !== headerBytes + 8 * (d * d + d)) return undefined;
  const read = (from: number, length: number): Float64Array => Float64Array.from({ length }, (_, i) => view.getFloat64(headerBytes + 8 * (from + i), true));
  return { dimensions: d, trials: view.getFloat64(8, true), xx: read(0, d * d), xr: read(d * d, d) };
}
