import type { BanditSpec } from '../../content/placement.js';
import type { FeatureValue } from '../../customers/online-record.js';

/** Numbers beyond ± this count as this, so that no single value can make the sums of squares infinite, for good. */
const largest = 1e6;

/** The vector [1, features...] that a bandit's arms are scored and updated with; a feature that is missing, or no number, counts 0. */
export function contextVector({ features }: BanditSpec, values: Readonly<Record<string, FeatureValue>>): Float64Array {
  const x = new Float64Array(features.length + 1);
  x[0] = 1;
  features.forEach((name, i) => {
    const value = values[name];
    if (typeof value === 'number') x[i + 1] = Math.min(largest, Math.max(-largest, value));
  });
  return x;
}
