import type { Pool, PoolClient } from 'pg';
import type { FeatureValue } from '../customers/online-record.js';
import { inTransaction } from '../platform/postgres.js';
import type { Aggregate } from './feature.js';
import type { FeatureValueStore, FeatureWrite, Recount } from './feature-values.js';

const writeSql = `
  WITH given AS (
    SELECT DISTINCT ON (customer_id, name) customer_id, name, value, at
    FROM unnest($2::text[], $3::text[], $4::text[], $5::timestamptz[]) WITH ORDINALITY AS it(customer_id, name, value, at, place)
    ORDER BY customer_id, name, at DESC, place DESC
  ), made AS (
    INSERT INTO customers (tenant_id, id) SELECT DISTINCT $1, customer_id FROM given ORDER BY 2 ON CONFLICT DO NOTHING
  ), written AS (
    INSERT INTO customer_features AS held (tenant_id, customer_id, name, value, at)
    SELECT $1, customer_id, name, value::jsonb, at FROM given ORDER BY customer_id, name
    ON CONFLICT (tenant_id, customer_id, name) DO UPDATE SET value = excluded.value, at = excluded.at
    WHERE held.at < excluded.at OR (held.at = excluded.at AND held.value <> excluded.value)
    RETURNING customer_id
  )
  SELECT DISTINCT customer_id AS id FROM written ORDER BY 1`;

/** What an aggregate computes over the rows of one customer that are inside its window. */
const expressions: Readonly<Record<Aggregate['function'], string>> = {
  count: 'to_jsonb(count(*))',
  sum: `to_jsonb(COALESCE(sum((properties->>$6)::float8) FILTER (WHERE jsonb_typeof(properties->$6) = 'number'), 0))`,
  last: `(array_agg(properties->$6 ORDER BY at DESC, id DESC) FILTER (WHERE properties ? $6))[1]`,
  recencyDays: `to_jsonb(extract(epoch FROM ($5::timestamptz - max(at)))::float8 / 86400)`,
};

const aggregateSql = (of: Aggregate): string => `
  SELECT customer_id, ${expressions[of.function]} AS value FROM events
  WHERE tenant_id = $1 AND customer_id = ANY($2) AND type = $3 AND at > $4 AND at <= $5 AND $6::text IS NOT DISTINCT FROM $6
  GROUP BY customer_id`;

export class PostgresFeatureValueStore implements FeatureValueStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  write(tenantId: string, values: readonly FeatureWrite[]): Promise<readonly string[]> {
    return inTransaction(this.#pool, client => write(client, tenantId, values));
  }

  recount(tenantId: string, { definitions, customerIds, now }: Recount): Promise<readonly string[]> {
    return inTransaction(this.#pool, async client => {
      const values: FeatureWrite[] = [];
      for (const { name, aggregate } of definitions) {
        if (aggregate === undefined) continue;
        const { rows } = await client.query<{ customer_id: string; value: FeatureValue | null }>(aggregateSql(aggregate), [
          tenantId, customerIds, aggregate.event, new Date(now - aggregate.windowMs), new Date(now), aggregate.property ?? null,
        ]);
        for (const { customer_id: customerId, value } of rows) if (value !== null) values.push({ customerId, name, value, at: now });
      }
      return write(client, tenantId, values);
    });
  }
}

async function write(client: PoolClient, tenantId: string, values: readonly FeatureWrite[]): Promise<readonly string[]> {
  if (values.length === 0) return [];
  const { rows } = await client.query<{ id: string }>(writeSql, [
    tenantId,
    values.map(it => it.customerId),
    values.map(it => it.name),
    values.map(it => JSON.stringify(it.value)),
    values.map(it => new Date(it.at)),
  ]);
  const ids = rows.map(it => it.id);
  await client.query(
    'UPDATE customers SET version = version + 1, updated_at = now() WHERE tenant_id = $1 AND id IN (SELECT id FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE)',
    [tenantId, ids],
  );
  return ids;
}
