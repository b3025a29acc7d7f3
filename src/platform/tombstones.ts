import type { PoolClient } from 'pg';

/** Makes what stands for an id of whom nothing may be kept. */
export type HashIds = (tenantId: string) => Promise<(id: string) => string>;

/** Of what is written by the ids of customers without holding their rows: whoever erases one waits for it, and it for them. */
const shareSql = 'SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 2))';
const aloneSql = 'SELECT pg_advisory_xact_lock(hashtextextended($1, 2))';
const amongSql = 'SELECT it.hash FROM unnest($2::text[]) AS it(hash) JOIN erased_ids e ON e.tenant_id = $1 AND e.hash = it.hash';

/** Until the transaction ends, nobody erases a customer of the tenant. Returns those of these hashes whose customers have been erased. */
export async function erasedAmong(client: PoolClient, tenantId: string, hashes: readonly string[]): Promise<ReadonlySet<string>> {
  await client.query(shareSql, [tenantId]);
  const { rows } = await client.query<{ hash: string }>(amongSql, [tenantId, hashes]);
  return new Set(rows.map(it => it.hash));
}

/** Until the transaction ends, nobody writes by the ids of customers of the tenant whom they do not hold; what was written before can be seen. */
export async function holdWriters(client: PoolClient, tenantId: string): Promise<void> {
  await client.query(aloneSql, [tenantId]);
}
