import type { Pool, PoolClient } from 'pg';
import type { FeatureValue } from '../../customers/online-record.js';
import { answered } from '../../platform/postgres.js';
import type { FeatureChange, FeatureHistory, HistoryPage } from './feature-change.js';

export interface ChangeToKeep {
  readonly customerId: string;
  readonly name: string;
  /** Undefined where it has gone missing. */
  readonly value: FeatureValue | undefined;
  /** Epoch milliseconds that the value was computed for. */
  readonly at: number;
  readonly version: number;
  /** How many changes of this value are kept. */
  readonly limit: number;
}

/**
 * Old rows go a `limit` of them at a time, so that most changes are one insert; the last row of each version stays, since a rollback may need it.
 * Values come as one text, a line each.
 */
const keepSql = `
  WITH it AS (
    SELECT * FROM unnest($2::text[], $3::text[], string_to_array($4, E'\\n'), $5::timestamptz[], $6::int[], $7::int[])
      AS it(customer_id, name, value, at, version, keep)
  ), numbered AS (
    SELECT it.*, 1 + COALESCE((
      SELECT h.seq FROM feature_history h WHERE h.tenant_id = $1 AND h.customer_id = it.customer_id AND h.name = it.name ORDER BY h.seq DESC LIMIT 1
    ), 0) AS seq
    FROM it
  ), trimmed AS (
    DELETE FROM feature_history h USING numbered n
    WHERE n.seq % n.keep = 0 AND h.tenant_id = $1 AND h.customer_id = n.customer_id AND h.name = n.name AND h.seq <= n.seq - n.keep
      AND (h.version = n.version OR EXISTS (
        SELECT FROM feature_history l
        WHERE l.tenant_id = $1 AND l.customer_id = n.customer_id AND l.name = n.name AND l.seq > h.seq AND l.version = h.version
      ))
  )
  INSERT INTO feature_history (tenant_id, customer_id, name, seq, version, value, at, recorded_at)
  SELECT $1, customer_id, name, seq, version, NULLIF(value::jsonb, 'null'::jsonb), at, $8 FROM numbered`;

/** Keeps changes in the history, within the transaction of `client`, which holds the customers. One at most for each customer and name. */
export async function keepChanges(client: PoolClient, tenantId: string, changes: readonly ChangeToKeep[], now: number): Promise<void> {
  const kept = changes.filter(it => it.limit > 0);
  if (kept.length === 0) return;
  await client.query({
    name: 'keep-changes',
    text: keepSql,
    values: [
      tenantId,
      kept.map(it => it.customerId),
      kept.map(it => it.name),
      kept.map(it => JSON.stringify(it.value ?? null)).join('\n'),
      kept.map(it => new Date(it.at)),
      kept.map(it => it.version),
      kept.map(it => it.limit),
      new Date(now),
    ],
  });
}

const pageSql = `
  WITH kept AS (
    SELECT h.* FROM feature_history h
    LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = $2
    WHERE h.tenant_id = $1 AND h.customer_id = COALESCE(a.customer_id, $2) AND h.name = $3
  )
  SELECT seq, version, value, at, recorded_at FROM kept
  WHERE seq > (SELECT max(seq) FROM kept) - $4 AND ($5::bigint IS NULL OR seq < $5) ORDER BY seq DESC LIMIT $6`;

interface Row {
  readonly seq: string;
  readonly version: number;
  readonly value: FeatureValue | null;
  readonly at: Date;
  readonly recorded_at: Date;
}

export class PostgresFeatureHistory implements FeatureHistory {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async page(tenantId: string, { customerId, name, limit, before, first }: HistoryPage): Promise<readonly FeatureChange[]> {
    const { rows } = await answered(this.#pool.query<Row>(pageSql, [tenantId, customerId, name, limit, before ?? null, first]));
    return rows.map(({ seq, version, value, at, recorded_at: recordedAt }) => ({ seq: Number(seq), version, value, at, recordedAt }));
  }
}
