import type { OnlineRecord } from '../customers/online-record.js';
import type { CompiledSegments } from './compiled-segments.js';

export interface Projected {
  readonly record: OnlineRecord;
  /** Of dynamic segments, against what was kept before. */
  readonly entered: readonly string[];
  readonly left: readonly string[];
}

export interface MembershipStore {
  /** Works out the memberships of these customers from the truth and keeps them, as one step that no other change of the same customers cuts in two. Unknown ids are left out. */
  project(tenantId: string, customerIds: readonly string[], by: { readonly segments: CompiledSegments; readonly now: number }): Promise<readonly Projected[]>;
  /** Records of the known ones among these customers, from what is kept. */
  load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]>;
  /** Notes that the online store has these versions. */
  markProjected(tenantId: string, records: readonly OnlineRecord[]): Promise<void>;
  /** Customers, of any tenant, whose online record is behind. */
  findBehind(limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]>;
  /** Ids in order, those after `after`. */
  customerIds(tenantId: string, page: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]>;
  /** Puts customers on a list kept by hand, or takes them off; strangers are left out. Returns whom it changed. */
  setListed(tenantId: string, segmentId: string, change: { readonly add: readonly string[] } | { readonly remove: readonly string[] }): Promise<readonly string[]>;
  members(tenantId: string, segmentId: string, page: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]>;
  countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
}
