import type { FeatureLimits } from '../features/feature.js';
import type { FeatureHealth, Rate } from '../features/versions/feature-health.js';
import { isPast } from '../features/versions/profile.js';
import { wilsonInterval } from '../kernel/statistics.js';

/** A limit that is passed. */
export interface Breach {
  readonly limit: 'errorRate' | 'nullRate' | 'drift' | 'staleRate';
  readonly measured: number;
  readonly allowed: number;
}

/** Fewer cases than these say nothing. */
const leastCases = 20;

/** The first limit that is passed by more than chance: of a rate, the whole 95 % interval lies above it; of drift, see `isPast`. */
export function breachOf(limits: FeatureLimits, { errors, missing, drift, stale }: FeatureHealth): Breach | undefined {
  const rates = [['errorRate', errors], ['nullRate', missing], ['staleRate', stale]] as const;
  for (const [limit, rate] of rates) {
    const allowed = limits[limit];
    if (allowed !== undefined && isAbove(allowed, rate)) return { limit, measured: rate.count / rate.of, allowed };
  }
  const { drift: allowed } = limits;
  return allowed !== undefined && drift !== undefined && isPast(allowed, drift) ? { limit: 'drift', measured: drift.index, allowed } : undefined;
}

const isAbove = (allowed: number, { count, of }: Rate): boolean => of >= leastCases && wilsonInterval(count, of).low > allowed;
