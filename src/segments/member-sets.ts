import type { MembersPage } from './memberships.js';

/** What a customer's version says about a segment. */
export interface MemberFact {
  readonly segmentId: string;
  readonly customerId: string;
  readonly isMember: boolean;
  /** Of the customer, in which it is so. */
  readonly version: number;
}

export type VersionedMember = Pick<MemberFact, 'customerId' | 'version'>;

/** Newer than all that anybody may still be about to write of a customer. */
export const lastVersion = Number.MAX_SAFE_INTEGER;

/**
 * Holds the members of segments beside PostgreSQL, for listing: a projection that may be emptied at any time. A set that is not known to be whole
 * (nobody has filled it yet, or the server that holds it has started anew since) answers nothing.
 */
export interface MemberSets {
  /** In the order of the pages; undefined where the set is not known to be whole. Members come in the order of the bytes of their ids. One round trip. */
  read(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[] | undefined)[]>;
  /** In the order of the ids; undefined as with `read`. One round trip. */
  count(tenantId: string, segmentIds: readonly string[]): Promise<readonly (number | undefined)[]>;
  /** Notes each fact unless a newer one of the same customer and segment is held. Idempotent. */
  write(tenantId: string, facts: readonly MemberFact[]): Promise<void>;
  /**
   * Empties the set and fills it, after which it is whole; what is written meanwhile counts as well. `pages` has to read the truth no sooner than it is
   * asked for the first page.
   * @returns false where the set is whole, or somebody else is filling it or has taken over
   */
  fill(tenantId: string, segmentId: string, pages: AsyncIterable<readonly VersionedMember[]>): Promise<boolean>;
  /** Forgets who has left a segment of any tenant so long ago that nobody still writes of it. */
  forgetLeft(): Promise<void>;
  /** Drops all sets of the tenant. */
  clear(tenantId: string): Promise<void>;
}
