export interface MembersPage {
  readonly segmentId: string;
  /** At least 1. */
  readonly first: number;
  readonly after: string | undefined;
}

/** A place on a list that is kept by hand. */
export interface ListEntry {
  readonly customerId: string;
  /** Epoch milliseconds from which the customer is on the list no longer; without it, until taken off. */
  readonly expiresAt?: number | undefined;
}

export interface Listed {
  /** Who was not on the list before. */
  readonly entered: readonly string[];
  /** Who was, until another time. */
  readonly kept: readonly string[];
  /** Who the tenant knows, of all who were given. */
  readonly known: number;
}

export interface KeptMembership {
  readonly segmentId: string;
  /** Epoch milliseconds. */
  readonly since: number;
  /** Of a list, where the membership ends by itself: when, in epoch milliseconds. */
  readonly expiresAt: number | undefined;
}

/** Who is in which segment, as it is kept. Customers are found by any id that they ever had; ids are answered in their order. */
export interface Memberships {
  /** Puts customers on a list that is kept by hand; strangers are left out. Of several entries of a customer the last one counts. */
  add(tenantId: string, segmentId: string, entries: readonly ListEntry[]): Promise<Listed>;
  /** Takes customers off such a list. Returns whom it changed. */
  remove(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]>;
  /** The members of each page, in the order of the pages; one round trip for all. */
  members(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[])[]>;
  /** All of one customer. */
  of(tenantId: string, customerId: string): Promise<readonly KeptMembership[]>;
  /** By segment; those without members are left out. Costs the same for any number of members. */
  countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** All customers of the tenant, those after `after`. */
  customerIds(tenantId: string, page: Omit<MembersPage, 'segmentId'>): Promise<readonly string[]>;
}
