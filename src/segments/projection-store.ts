import type { CustomerChanged } from '../customers/customer-changed.js';
import type { OnlineRecord } from '../customers/online-record.js';
import type { CompiledSegments } from './compiled-segments.js';
import type { SegmentMove } from './segment-change.js';

export interface Projected {
  readonly record: OnlineRecord;
  /** Ids that the customer had before merges: each has the record too. */
  readonly aliases: readonly string[];
  /** Dynamic segments, and those left that are no longer there, against what was kept before. */
  readonly entered: readonly string[];
  readonly left: readonly string[];
  /** Purposes whose consent has come to its end. */
  readonly ended: readonly string[];
  /** What has changed since the last announcement, these moves included. */
  readonly unannounced: CustomerChanged['changes'];
  /** Moves into segments and out of them since the last announcement; of several through the same one, what became of them. */
  readonly moves: readonly SegmentMove[];
  /** Where nothing but time had passed since the customer was settled. */
  readonly cause?: CustomerChanged['cause'];
  /** Epoch milliseconds. */
  readonly changedAt: number;
  /** True where the record was written and announced in this version already. */
  readonly isSettled: boolean;
}

export interface ProjectedBy {
  readonly segments: CompiledSegments;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The truth about customers, and how far what is made from it has come. */
export interface ProjectionStore {
  /**
   * Counts what is counted from the log, works out the dynamic memberships of these customers, keeps both, and when time alone may next change
   * either, as one step that no other change of the same customers cuts in two. A customer who changes gets the next version. Unknown ids
   * are left out, and so is who is settled and not due.
   * @returns undefined, having done nothing, where the tenant's segments or features have changed after `segments` was compiled
   */
  project(tenantId: string, customerIds: readonly string[], by: ProjectedBy): Promise<readonly Projected[] | undefined>;
  /** Records of those of these customers who are known, from what is kept, under the ids that were asked for. One round trip. */
  load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]>;
  /**
   * Notes that what was projected has been written and announced; what a customer changed in meanwhile is still to come.
   * Returns the ids of those who are not there any more, whose records are not to stay.
   */
  settle(tenantId: string, projected: readonly Projected[], by: ProjectedBy): Promise<readonly string[]>;
  /** Customers of any tenant whose last change, before the given time, has not been settled. */
  findUnsettled(before: number, limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]>;
  /** Customers of any tenant whom time may have changed by now, in epoch milliseconds, and who are settled. */
  findDue(now: number, limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]>;
  /** Tenants with customers to whom the newest segments have not been applied. */
  tenantsBehind(): Promise<readonly string[]>;
  /** Notes that the segments are applied to as many of those customers as can be seen at once not to be moved by them. */
  passOver(tenantId: string, by: ProjectedBy, isStopped: () => boolean): Promise<void>;
  /** Customers of a tenant to whom the newest segments have not been applied, in the order of their ids. */
  customersBehind(tenantId: string, page: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]>;
}
