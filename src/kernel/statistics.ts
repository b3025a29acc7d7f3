/** Of the standard normal distribution, by the Taylor series of Marsaglia (2004), "Evaluating the normal distribution"; within 1e-14. */
export function normalCdf(x: number): number {
  if (x < -9) return 0;
  if (x > 9) return 1;
  let sum = x;
  let term = x;
  for (let i = 3, before = Number.NaN; sum !== before; i += 2) {
    before = sum;
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + sum * normalDensity(x);
}

/**
 * x with normalCdf(x) = p: the rational approximation 26.2.23 of Abramowitz and Stegun (1964), refined by Newton's method; within 1e-12
 * for p in [1e-4, 1 - 1e-4].
 * @param p in (0, 1)
 */
export function normalQuantile(p: number): number {
  const t = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
  const upper = t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  let x = p < 0.5 ? -upper : upper;
  for (let step = 0; step < 3; step++) x -= (normalCdf(x) - p) / normalDensity(x);
  return x;
}

function normalDensity(x: number): number {
  return Math.exp(-x * x / 2) / Math.sqrt(2 * Math.PI);
}

/** Half the width, in standard errors, of an interval that holds 95 % of a normal distribution: 1.96. */
export const normal95 = normalQuantile(0.975);

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/**
 * 95 % interval for a probability (Wilson 1927), which also holds where nothing or everything was a success.
 * @param successes in [0, trials]; a sum of fractions too, for which the interval is rather too wide, since their variance is less
 * @param trials at least 1
 */
export function wilsonInterval(successes: number, trials: number): Interval {
  const z = normal95;
  const p = successes / trials;
  const shrink = 1 + (z * z) / trials;
  const centre = (p + (z * z) / (2 * trials)) / shrink;
  const half = (z / shrink) * Math.sqrt((p * (1 - p)) / trials + (z * z) / (4 * trials * trials));
  return { low: successes === 0 ? 0 : centre - half, high: successes === trials ? 1 : centre + half };
}

export interface Moments {
  readonly count: number;
  /** NaN of no values. */
  readonly mean: number;
  /** Of the sample, with count - 1 below; NaN of fewer than two values. */
  readonly variance: number;
}

/** In one pass, without cancellation (Welford 1962). */
export function momentsOf(values: Iterable<number>): Moments {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (const value of values) {
    count++;
    const before = value - mean;
    mean += before / count;
    squares += before * (value - mean);
  }
  return { count, mean: count === 0 ? Number.NaN : mean, variance: count < 2 ? Number.NaN : squares / (count - 1) };
}

/**
 * Population stability index: how far the shares of some bins have moved, sum of (a - e) ln(a / e) over them (Siddiqi 2006, "Credit Risk
 * Scorecards", chapter 6; Jeffreys' divergence, 1946). Half a case is added to each bin, so that empty ones count too, and finitely.
 * By convention less than 0.1 is no shift to speak of, and more than 0.25 a large one.
 * @param expected cases by bin; at least one in all
 * @param actual of the same bins; at least one in all
 */
export function stabilityIndex(expected: readonly number[], actual: readonly number[]): number {
  const shares = (counts: readonly number[]): readonly number[] => {
    const total = counts.reduce((sum, it) => sum + it + 0.5, 0);
    return counts.map(it => (it + 0.5) / total);
  };
  const [e, a] = [shares(expected), shares(actual)];
  return e.reduce((sum, share, i) => sum + ((a[i] ?? share) - share) * Math.log((a[i] ?? share) / share), 0);
}

/**
 * What the stability index of two samples of one distribution passes with a probability of 1 - p only: it is then distributed as
 * (1/n + 1/m) chi-square of bins - 1 degrees (Yurdakul 2018, "Statistical properties of the population stability index").
 * @param p in (0, 1)
 */
export function chanceStability(n: number, m: number, { bins, p }: { readonly bins: number; readonly p: number }): number {
  return (1 / n + 1 / m) * chiSquareQuantile(p, bins - 1);
}

/** By Wilson and Hilferty (1931); within 1 % for p in [0.9, 0.999] from 3 degrees of freedom on, and 5 % below. @returns 0 for no degrees */
export function chiSquareQuantile(p: number, degrees: number): number {
  if (degrees <= 0) return 0;
  const spread = 2 / (9 * degrees);
  return degrees * Math.max(0, 1 - spread + normalQuantile(p) * Math.sqrt(spread)) ** 3;
}

/** Of values in order: linear between its neighbours. @param p in [0, 1]; NaN of no values */
export function quantileOf(sorted: readonly number[], p: number): number {
  const place = p * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN];
  return low + (high - low) * (place - Math.floor(place));
}
