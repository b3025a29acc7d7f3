import type { Pool } from 'pg';
import type { OnlineRecord } from '../../customers/online-record.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { IndexLog, Removal } from './customer-index.js';

const tenantsSql = `
  SELECT id FROM tenants t
  WHERE EXISTS (SELECT FROM customers c WHERE c.tenant_id = t.id AND c.indexed_version < c.projected_version)
    OR EXISTS (SELECT FROM unindexed_removals r WHERE r.tenant_id = t.id)
    OR NOT EXISTS (SELECT FROM search_indexes s WHERE s.tenant_id = t.id)`;
const beginSql = `
  WITH kept AS (
    INSERT INTO search_indexes (tenant_id, built_at) VALUES ($1, $2) ON CONFLICT (tenant_id) DO UPDATE SET built_at = EXCLUDED.built_at
  ), held AS (
    SELECT id FROM customers WHERE tenant_id = $1 AND indexed_version > 0 ORDER BY id FOR UPDATE
  )
  UPDATE customers c SET indexed_version = 0 FROM held WHERE c.tenant_id = $1 AND c.id = held.id`;
const lockSql = "SELECT pg_try_advisory_xact_lock(hashtext('attune customer index'), hashtext($1)) AS is_mine";
const waitSql = "SELECT pg_advisory_xact_lock(hashtext('attune customer index'), hashtext($1))";
const nextSql = 'SELECT id FROM customers WHERE tenant_id = $1 AND indexed_version < projected_version LIMIT $2';
const removalsSql = 'SELECT customer_id AS "customerId", version FROM unindexed_removals WHERE tenant_id = $1 LIMIT $2';
const removedSql = `
  DELETE FROM unindexed_removals r USING unnest($2::text[], $3::bigint[]) AS it(id, version)
  WHERE r.tenant_id = $1 AND r.customer_id = it.id AND r.version = it.version`;
const indexedSql = `
  WITH held AS (
    SELECT c.id, it.version FROM customers c JOIN unnest($2::text[], $3::bigint[]) AS it(id, version) ON it.id = c.id
    WHERE c.tenant_id = $1 ORDER BY c.id FOR UPDATE OF c
  )
  UPDATE customers c SET indexed_version = held.version FROM held WHERE c.tenant_id = $1 AND c.id = held.id`;
const progressSql = `
  SELECT count(*) AS total, count(*) FILTER (WHERE indexed_version >= projected_version) AS done FROM customers WHERE tenant_id = $1`;

export class PostgresIndexLog implements IndexLog {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async tenants(): Promise<readonly string[]> {
    const { rows } = await answered(this.#pool.query<{ id: string }>(tenantsSql));
    return rows.map(it => it.id);
  }

  async begin(tenantId: string, now: number): Promise<void> {
    await answered(inTransaction(this.#pool, async client => {
      await client.query(waitSql, [tenantId]); // what is under way is noted before, and then forgotten
      await client.query(beginSql, [tenantId, new Date(now)]);
    }));
  }

  next(tenantId: string, limit: number, index: (customerIds: readonly string[], removals: readonly Removal[]) => Promise<readonly OnlineRecord[]>): Promise<boolean> {
    return answered(inTransaction(this.#pool, async client => {
      const { rows: [lock] } = await client.query<{ is_mine: boolean }>(lockSql, [tenantId]);
      if (lock?.is_mine !== true) return false;
      const { rows: customers } = await client.query<{ id: string }>(nextSql, [tenantId, limit]);
      const { rows } = await client.query<{ customerId: string; version: string }>(removalsSql, [tenantId, limit]);
      if (customers.length + rows.length === 0) return false;
      const removals = rows.map(({ customerId, version }) => ({ customerId, version: Number(version) }));
      const indexed = await index(customers.map(it => it.id), removals);
      await client.query(indexedSql, [tenantId, indexed.map(it => it.customerId), indexed.map(it => it.version)]);
      await client.query(removedSql, [tenantId, removals.map(it => it.customerId), removals.map(it => it.version)]);
      return true;
    }));
  }

  async progress(tenantId: string): Promise<{ readonly done: number; readonly total: number }> {
    const { rows: [row] } = await answered(this.#pool.query<{ done: string; total: string }>(progressSql, [tenantId]));
    return { done: Number(row?.done), total: Number(row?.total) };
  }
}
