export interface MembersPage {
  readonly segmentId: string;
  /** At least 1. */
  readonly first: number;
  readonly after: string | undefined;
}

/** Who is in which segment, as it is kept. Ids are answered in their order. */
export interface Memberships {
  /** Puts customers on a list that is kept by hand; strangers are left out. Returns whom it changed. */
  add(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]>;
  /** Takes customers off such a list. Returns whom it changed. */
  remove(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]>;
  /** The members of each page, in the order of the pages; one round trip for all. */
  members(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[])[]>;
  /** By segment; those without members are left out. */
  countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** All customers of the tenant, those after `after`. */
  customerIds(tenantId: string, page: Omit<MembersPage, 'segmentId'>): Promise<readonly string[]>;
}
