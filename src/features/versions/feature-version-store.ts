import type { FeatureValue } from '../../customers/online-record.js';
import type { Profile } from './profile.js';

export type JobKind = 'fill' | 'restore';

/** Work over all customers of a tenant. */
export interface FeatureJob {
  readonly kind: JobKind;
  readonly version: number;
  readonly total: number;
  readonly done: number;
  readonly startedAt: Date;
  /** Null while it is under way. */
  readonly finishedAt: Date | null;
}

/** What two versions give for one customer, at one time; null where missing. */
export interface ShadowPair {
  readonly live: FeatureValue | null;
  readonly candidate: FeatureValue | null;
}

export interface FeatureVersionStore {
  /** Begins anew where there is such a job. What a fill of an earlier candidate left behind goes. */
  start(tenantId: string, name: string, job: Pick<FeatureJob, 'kind' | 'version'>, now: number): Promise<void>;
  jobs(tenantId: string, name: string): Promise<readonly FeatureJob[]>;
  /** Of an even sample of the customers, or of all where there are no more. */
  shadow(tenantId: string, of: { readonly name: string; readonly version: number; readonly most: number }): Promise<readonly ShadowPair[]>;
  /** Forgets what a fill has left. */
  dropShadow(tenantId: string, name: string): Promise<void>;
  /** Forgets everything that is kept of the feature beside customers' present values. */
  forget(tenantId: string, name: string): Promise<void>;
  /** Present values of an even sample of the customers; null where missing. */
  values(tenantId: string, of: { readonly name: string; readonly most: number }): Promise<readonly (FeatureValue | null)[]>;
  saveBaseline(tenantId: string, of: { readonly name: string; readonly baseline: string; readonly profile: Profile }, now: number): Promise<void>;
}
