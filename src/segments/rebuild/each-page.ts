import type { Memberships } from '../memberships.js';

const pageSize = 500;

/** Hands all customers of the tenant to `work`, page by page. */
export async function eachPage(customerIds: Memberships['customerIds'], tenantId: string, work: (ids: readonly string[]) => Promise<void>): Promise<void> {
  for (let after: string | undefined; ; ) {
    const ids = await customerIds(tenantId, { first: pageSize, after });
    if (ids.length > 0) await work(ids);
    if (ids.length < pageSize) return;
    after = ids.at(-1);
  }
}
