import { solve } from '../models/bandit/linear-posterior.js';
import type { ModelInput } from '../models/input-contract.js';
import type { LogisticWeights } from '../models/onnx-logistic.js';
import { categories } from './catalogue.js';
import { affinityOf } from './configuration.js';

const asIs = { kind: 'number', scale: 1, offset: 0 } as const;
const score = (name: string): ModelInput => ({ source: 'feature', name, transform: asIs, missing: 0 });

/** What the demo's model is given, by the order of its columns. */
export const demoModelInputs: readonly ModelInput[] = [
  ...['engagement_score', 'recency_score', 'frequency_score', 'monetary_score'].map(score),
  { source: 'item', name: 'category', transform: { kind: 'oneHot', values: categories }, missing: 0 },
  { source: 'item', name: 'tags', transform: { kind: 'count', scale: 0.1 }, missing: 0 },
  { source: 'item', name: 'publishedAt', transform: { kind: 'ageDays', scale: 0.01 }, missing: 0 },
  { source: 'context', name: 'hour', transform: { kind: 'cyclic', period: 24 }, missing: 0 },
  { source: 'context', name: 'dayOfWeek', transform: { kind: 'cyclic', period: 7 }, missing: 0 },
  { source: 'feature', name: affinityOf('{category}'), transform: asIs, missing: 1 / categories.length },
  { source: 'item', name: 'type', transform: { kind: 'oneHot', values: ['banner', 'offer', 'article'] }, missing: 0 },
];

const steps = 25;
const settled = 1e-9;
/** Keeps a Hessian solvable whose bias has no curvature left; too small to move anything. */
const regularity = 1e-9;

/**
 * Maximum likelihood with a ridge on the weights, by Newton's method (Hastie, Tibshirani, Friedman 2009, section 4.4.1).
 * @param rows row-major [clicks.length, width]
 * @param clicks 0 or 1
 * @param ridge strength of the penalty ridge / 2 · |weights|², > 0; the bias is free
 */
export function trainLogistic(rows: Float32Array, clicks: Uint8Array, ridge: number): LogisticWeights {
  const width = rows.length / clicks.length;
  const size = width + 1;
  const theta = new Float64Array(size);
  for (let step = 0; step < steps; step++) {
    const { gradient, hessian } = derivatives(rows, clicks, theta);
    for (let i = 1; i < size; i++) {
      gradient[i] = (gradient[i] ?? 0) + ridge * (theta[i] ?? 0);
      hessian[i * size + i] = (hessian[i * size + i] ?? 0) + ridge;
    }
    const { theta: change } = solve({ dimensions: size, trials: clicks.length, xx: hessian, xr: gradient }, regularity);
    change.forEach((it, i) => { theta[i] = (theta[i] ?? 0) - it; });
    if (change.every(it => Math.abs(it) < settled)) break;
  }
  return { bias: theta[0] ?? 0, weights: Float32Array.from(theta.subarray(1)) };
}

/** Of the negative log likelihood; column 0 is the bias. The Hessian is row-major and full. */
function derivatives(rows: Float32Array, clicks: Uint8Array, theta: Float64Array): { readonly gradient: Float64Array; readonly hessian: Float64Array } {
  const size = theta.length;
  const gradient = new Float64Array(size);
  const hessian = new Float64Array(size * size);
  const x = new Float64Array(size);
  x[0] = 1;
  clicks.forEach((click, n) => {
    x.set(rows.subarray(n * (size - 1), (n + 1) * (size - 1)), 1);
    const p = sigmoid(dot(theta, x));
    const curvature = p * (1 - p);
    for (let i = 0; i < size; i++) {
      const xi = x[i] ?? 0;
      if (xi === 0) continue;
      gradient[i] = (gradient[i] ?? 0) + (p - click) * xi;
      for (let j = 0; j < size; j++) hessian[i * size + j] = (hessian[i * size + j] ?? 0) + curvature * xi * (x[j] ?? 0);
    }
  });
  return { gradient, hessian };
}

/** One probability a row, as a 32-bit runtime gives it. */
export function scoreLogistic({ weights, bias }: LogisticWeights, rows: Float32Array): Float32Array {
  const width = weights.length;
  return Float32Array.from({ length: rows.length / width }, (_, n) => sigmoid(bias + dot(weights, rows.subarray(n * width, (n + 1) * width))));
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

function dot(a: Float64Array | Float32Array, b: Float64Array | Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
