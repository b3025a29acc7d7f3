import type { Pool } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';
import type { ReplayFilter, ReplayLog, ReplayPage } from './replay.js';

const taken = `
  FROM events WHERE tenant_id = $1 AND at >= $2 AND at < $3 AND ($4::text IS NULL OR type = $4)
    AND ($5::text IS NULL OR customer_id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $5), $5))`;
const countSql = `SELECT count(DISTINCT customer_id)::int AS customers, count(*)::int AS events ${taken}`;
const pageSql = `
  SELECT customer_id AS id, count(*)::int AS events ${taken} AND ($6::text IS NULL OR customer_id > $6) GROUP BY customer_id ORDER BY customer_id LIMIT $7`;
const markSql = `
  WITH held AS (SELECT id FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE)
  UPDATE customers c SET version = c.version + 1 FROM held WHERE c.tenant_id = $1 AND c.id = held.id`;

export class PostgresReplayLog implements ReplayLog {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async count(tenantId: string, filter: ReplayFilter): Promise<{ readonly customers: number; readonly events: number }> {
    const { rows: [row] } = await answered(this.#pool.query<{ customers: number; events: number }>(countSql, valuesOf(tenantId, filter)));
    return row ?? { customers: 0, events: 0 };
  }

  mark(tenantId: string, filter: ReplayFilter, { first, after }: { readonly first: number; readonly after: string | undefined }): Promise<ReplayPage> {
    return answered(inTransaction(this.#pool, async client => {
      const { rows } = await client.query<{ id: string; events: number }>(pageSql, [...valuesOf(tenantId, filter), after ?? null, first]);
      const customerIds = rows.map(it => it.id);
      await client.query(markSql, [tenantId, customerIds]);
      return { customerIds, events: rows.reduce((sum, it) => sum + it.events, 0) };
    }));
  }
}

const valuesOf = (tenantId: string, { from, to, type, customerId }: ReplayFilter): unknown[] => [tenantId, new Date(from), new Date(to), type ?? null, customerId ?? null];
