import type { FeatureDefinition } from '../feature.js';
import type { Drift } from './profile.js';

/** A share, and of how many. */
export interface Rate {
  readonly count: number;
  readonly of: number;
}

/** Of an even sample of the customers whose values the live version has given. */
export interface FeatureHealth {
  /** Customers without a value. */
  readonly missing: Rate;
  /** Values that are older than the time to live. */
  readonly stale: Rate;
  /** What should have given a value and could not: events without the property in the right type, or expressions whose inputs are all there. */
  readonly errors: Rate;
  /** From the named baseline, or the version before; undefined without one, and where there are too few values. */
  readonly drift: Drift | undefined;
}

export interface WatchedFeature {
  readonly tenantId: string;
  readonly definition: FeatureDefinition;
}

export interface FeatureHealths {
  /** Those with limits, of all tenants. */
  watched(): Promise<readonly WatchedFeature[]>;
  read(feature: WatchedFeature, now: number): Promise<FeatureHealth>;
}
