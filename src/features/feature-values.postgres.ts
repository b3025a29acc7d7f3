import type { Pool, PoolClient } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';
import { keepChanges, type ChangeToKeep } from './history/history.postgres.js';
import type { FeatureValueStore, FeatureWrite } from './feature-values.js';

const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

/** Values come as one text, a line each: JSON holds no line break. Of several for one name the last in order of time and value is taken. */
const given = `
  SELECT DISTINCT ON (customer_id, name) customer_id, name, value::jsonb AS value, at, version, keep
  FROM unnest($2::text[], $3::text[], string_to_array($4, E'\\n'), $5::timestamptz[], $6::int[], $7::int[]) AS it(customer_id, name, value, at, version, keep)
  ORDER BY customer_id, name, at DESC, value::jsonb DESC`;

/** The customers are held, so what is there cannot change between the look at it and the write. */
const writeSql = `
  WITH given AS (${given}), changed AS (
    SELECT g.*, f.at AS was_at, f.value IS DISTINCT FROM g.value AS differs
    FROM given g LEFT JOIN customer_features f ON f.tenant_id = $1 AND f.customer_id = g.customer_id AND f.name = g.name
    WHERE f.at IS NULL OR (f.at, f.value) < (g.at, g.value)
  ), written AS (
    INSERT INTO customer_features (tenant_id, customer_id, name, value, at, version)
    SELECT $1, customer_id, name, value, GREATEST(at, was_at), version FROM changed
    ON CONFLICT (tenant_id, customer_id, name) DO UPDATE SET value = excluded.value, at = excluded.at, version = excluded.version
  )
  SELECT customer_id AS "customerId", name, value, (extract(epoch FROM GREATEST(at, was_at)) * 1000)::float8 AS at, version, keep AS limit, differs FROM changed`;

interface Changed extends ChangeToKeep {
  /** False where only the time is another one. */
  readonly differs: boolean;
}

/** Holds customers until the transaction ends, and says by which id each of those asked for goes now. @throws Erased */
export type HoldCustomers = (
  client: PoolClient, tenantId: string, ids: readonly string[], now: number,
) => Promise<{ idOf(asked: string): string; readonly made: readonly string[] }>;

export class PostgresFeatureValueStore implements FeatureValueStore {
  readonly #pool: Pool;
  readonly #hold: HoldCustomers;

  constructor(pool: Pool, hold: HoldCustomers) {
    this.#pool = pool;
    this.#hold = hold;
  }

  write(tenantId: string, values: readonly FeatureWrite[], now: number): Promise<readonly string[]> {
    return answered(inTransaction(this.#pool, async client => {
      const held = await this.#hold(client, tenantId, values.map(it => it.customerId), now);
      const present = values.map(it => ({ ...it, customerId: held.idOf(it.customerId) }));
      const { rows: changed } = await client.query<Changed>(writeSql, [tenantId, ...columnsOf(present)]);
      await keepChanges(client, tenantId, changed.filter(it => it.differs), now);
      const ids = await announceLater(client, tenantId, changed, now);
      return [...new Set([...held.made, ...ids])];
    }));
  }
}

const columnsOf = (values: readonly FeatureWrite[]): readonly [string[], string[], string, Date[], number[], number[]] => [
  values.map(it => it.customerId),
  values.map(it => it.name),
  values.map(it => JSON.stringify(it.value)).join('\n'),
  values.map(it => new Date(it.at)),
  values.map(it => it.version),
  values.map(it => it.historyLimit),
];

async function announceLater(client: PoolClient, tenantId: string, changed: readonly Changed[], now: number): Promise<readonly string[]> {
  if (changed.length === 0) return [];
  const names = changed.map(({ name, differs }) => (differs ? `FEATURE ${name}` : null));
  await client.query(changeSql, [tenantId, changed.map(it => it.customerId), names, new Date(now)]);
  return [...new Set(changed.map(it => it.customerId))];
}
