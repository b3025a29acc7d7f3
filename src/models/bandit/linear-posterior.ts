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
  const xx = Float64Array.from(sums.xx, (value, i) => value + (x[Math.floor(i / d)] ?? 0) * (x[i % d] ?? 0));
  return { ...sums, trials: sums.trials + 1, xx };
}

/** The sums after the reward of a trial with this x has changed by `delta`. */
export function withReward(sums: ArmSums, x: Float64Array, delta: number): ArmSums {
  return { ...sums, xr: sums.xr.map((value, i) => value + delta * (x[i] ?? 0)) };
}

/** The posterior of ridge regression with A = λI + Σ x xᵀ and b = Σ r x, solved: mean A⁻¹b, and A's Cholesky factor for widths. */
export interface SolvedArm {
  readonly theta: Float64Array;
  /** Lower triangle of L with A = L Lᵀ, row-major [d, d]. */
  readonly cholesky: Float64Array;
}

/** @param lambda ridge strength, > 0, which keeps A positive definite */
export function solve({ dimensions: d, xx, xr }: ArmSums, lambda: number): SolvedArm {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = (xx[i * d + j] ?? 0) + (i === j ? lambda : 0);
      for (let k = 0; k < j; k++) sum -= (l[i * d + k] ?? 0) * (l[j * d + k] ?? 0);
      l[i * d + j] = i === j ? Math.sqrt(Math.max(sum, Number.MIN_VALUE)) : sum / (l[j * d + j] ?? 1);
    }
  }
  return { theta: backward(l, forward(l, xr)), cholesky: l };
}

/** Expected reward: xᵀθ. */
export function meanOf({ theta }: SolvedArm, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < theta.length; i++) sum += (theta[i] ?? 0) * (x[i] ?? 0);
  return sum;
}

/** Width of the confidence bound, √(xᵀ A⁻¹ x): LinUCB scores mean + α · width (Li, Chu, Langford, Schapire 2010, algorithm 1). */
export function widthOf({ cholesky }: SolvedArm, x: Float64Array): number {
  const z = forward(cholesky, x);
  let sum = 0;
  for (const value of z) sum += value * value;
  return Math.sqrt(sum);
}

/** z with L z = v. */
function forward(l: Float64Array, v: Float64Array): Float64Array {
  const d = v.length;
  const z = new Float64Array(d);
  for (let i = 0; i < d; i++) {
    let sum = v[i] ?? 0;
    for (let k = 0; k < i; k++) sum -= (l[i * d + k] ?? 0) * (z[k] ?? 0);
    z[i] = sum / (l[i * d + i] ?? 1);
  }
  return z;
}

/** y with Lᵀ y = z. */
function backward(l: Float64Array, z: Float64Array): Float64Array {
  const d = z.length;
  const y = new Float64Array(d);
  for (let i = d - 1; i >= 0; i--) {
    let sum = z[i] ?? 0;
    for (let k = i + 1; k < d; k++) sum -= (l[k * d + i] ?? 0) * (y[k] ?? 0);
    y[i] = sum / (l[i * d + i] ?? 1);
  }
  return y;
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
