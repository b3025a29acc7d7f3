import { momentsOf, normal95, type Interval } from '../../kernel/statistics.js';

/** One decision of the log. */
export interface LoggedChoice {
  readonly reward: number;
  /** Probability with which the log's policy chose as it did, (0, 1]. */
  readonly loggingPropensity: number;
  /** Probability with which the policy that is judged would have chosen the same, [0, 1]. */
  readonly targetProbability: number;
  /** Probability with which it would have chosen what the log's policy never could have, [0, 1]; absent: not known. */
  readonly beyondLog?: number | undefined;
}

/** With its interval of 95 %, by the normal approximation: unreliable where the effective sample size is small or nothing was rewarded. */
export interface Estimate extends Interval {
  readonly value: number;
  readonly standardError: number;
}

interface Diagnostics {
  readonly rows: number;
  /** (Σ w)² / Σ w² of the weights (Kish 1965): how many rows of the target's own would say as much; 0 where none counts. */
  readonly effectiveSampleSize: number;
  readonly maxWeight: number;
}

/**
 * Why the log says nothing of the policy:
 * - `TOO_FEW_ROWS`: fewer than two
 * - `BEYOND_THE_LOG`: it would choose what the log's policy never could have
 * - `NO_MATCH`: it would never have chosen as the log's policy did
 * - `WEIGHTS_OFF`: the weights do not average 1, as they do where the log covers the policy and its propensities are true
 */
export type Unsupported = 'TOO_FEW_ROWS' | 'BEYOND_THE_LOG' | 'NO_MATCH' | 'WEIGHTS_OFF';

export type OffPolicyEstimates =
  | (Diagnostics & { readonly supported: true; readonly ips: Estimate; readonly snips: Estimate })
  | (Diagnostics & { readonly supported: false; readonly reason: Unsupported });

/** How far the mean weight may be from 1 for the digits that propensities were logged with, and beyond that, in standard errors, by chance. */
const weightTolerance = 1e-3;
const weightErrors = 4;

/**
 * Mean reward that another policy would have got where the log's policy decided, by its weights w = target / propensity:
 * IPS is the mean of w r (Horvitz, Thompson 1952), SNIPS Σ w r / Σ w (Swaminathan, Joachims 2015), with the standard errors of
 * Owen (2013), "Monte Carlo theory, methods and examples", chapter 9: of a mean, and by the delta method of a ratio.
 */
export function estimateOffPolicy(log: readonly LoggedChoice[]): OffPolicyEstimates {
  const weights = Float64Array.from(log, weightOf);
  const diagnostics = { rows: log.length, effectiveSampleSize: effectiveSampleSize(weights), maxWeight: largest(weights) };
  const reason = whyUnsupported(log, weights);
  if (reason !== undefined) return { ...diagnostics, supported: false, reason };
  const rewarded = weights.map((w, i) => w * (log[i]?.reward ?? 0));
  const { mean, variance } = momentsOf(rewarded);
  const ips = estimate(mean, Math.sqrt(variance / log.length));
  return { ...diagnostics, supported: true, ips, snips: selfNormalised(log, weights, rewarded) };
}

function whyUnsupported(log: readonly LoggedChoice[], weights: Float64Array): Unsupported | undefined {
  if (log.length < 2) return 'TOO_FEW_ROWS';
  if (log.some(({ loggingPropensity, targetProbability, beyondLog = 0 }) => beyondLog > 0 || (targetProbability > 0 && !(loggingPropensity > 0)))) {
    return 'BEYOND_THE_LOG';
  }
  const { mean } = momentsOf(weights);
  if (mean === 0) return 'NO_MATCH';
  // Weights that average 1 and are M at most have a variance of M - 1 at most. The sample's own would be too small just where the large weights are missing.
  const variance = Math.max(0, largest(weights) - 1);
  const allowed = weightTolerance + weightErrors * Math.sqrt(variance / log.length);
  return Math.abs(mean - 1) > allowed ? 'WEIGHTS_OFF' : undefined;
}

function weightOf({ loggingPropensity, targetProbability }: LoggedChoice): number {
  return loggingPropensity > 0 ? targetProbability / loggingPropensity : 0;
}

function selfNormalised(log: readonly LoggedChoice[], weights: Float64Array, rewarded: Float64Array): Estimate {
  const total = sum(weights);
  const value = sum(rewarded) / total;
  let squares = 0;
  weights.forEach((w, i) => {
    squares += (w * ((log[i]?.reward ?? 0) - value)) ** 2;
  });
  return estimate(value, Math.sqrt(squares) / total);
}

function effectiveSampleSize(weights: Float64Array): number {
  const squares = weights.reduce((total, w) => total + w * w, 0);
  return squares === 0 ? 0 : sum(weights) ** 2 / squares;
}

function estimate(value: number, standardError: number): Estimate {
  return { value, standardError, low: value - normal95 * standardError, high: value + normal95 * standardError };
}

function largest(values: Float64Array): number {
  return values.reduce((max, it) => Math.max(max, it), 0);
}

function sum(values: Float64Array): number {
  return values.reduce((total, it) => total + it, 0);
}
