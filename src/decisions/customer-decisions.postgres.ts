import type { PoolClient } from 'pg';
import type { Json } from '../kernel/json.js';

type Queryable = Pick<PoolClient, 'query'>;

interface Of {
  readonly tenantId: string;
  readonly ids: readonly string[];
}

/** Under the tenant's lock: what is written later is anonymous from the start. */
const anonymizeSql = `
  UPDATE decisions SET customer_id = $3, log = 'erased', record = attune_erased_record(record) WHERE tenant_id = $1 AND customer_id = ANY($2)`;
const countSql = 'SELECT count(*)::int AS count FROM decisions WHERE tenant_id = $1 AND customer_id = ANY($2)';
const decisionsSql = `SELECT to_jsonb(d) - 'tenant_id' - 'record' || jsonb_build_object('record', d.record::jsonb) AS it FROM decisions d WHERE tenant_id = $1 AND customer_id = ANY($2) ORDER BY decided_at LIMIT $3`;
const outcomesSql = `
  SELECT to_jsonb(o) - 'tenant_id' AS it FROM outcomes o
  WHERE o.tenant_id = $1 AND o.decision_id IN (SELECT id FROM decisions WHERE tenant_id = $1 AND customer_id = ANY($2)) ORDER BY o.at LIMIT $3`;

/** What the log of decisions holds of customers. */
export const customerDecisions = {
  async anonymize(client: Queryable, { tenantId, ids, pseudonym }: Of & { readonly pseudonym: string }): Promise<{ readonly decisions: number }> {
    const { rowCount } = await client.query(anonymizeSql, [tenantId, ids, pseudonym]);
    return { decisions: rowCount ?? 0 };
  },

  async count(client: Queryable, { tenantId, ids }: Of): Promise<{ readonly decisions: number }> {
    const { rows: [row] } = await client.query<{ count: number }>(countSql, [tenantId, ids]);
    return { decisions: row?.count ?? 0 };
  },

  async rowsOf(client: Queryable, { tenantId, ids, limit }: Of & { readonly limit: number }): Promise<{ readonly decisions: readonly Json[]; readonly outcomes: readonly Json[] }> {
    const [decisions, outcomes] = [await client.query<{ it: Json }>(decisionsSql, [tenantId, ids, limit]), await client.query<{ it: Json }>(outcomesSql, [tenantId, ids, limit])];
    return { decisions: decisions.rows.map(it => it.it), outcomes: outcomes.rows.map(it => it.it) };
  },
};
