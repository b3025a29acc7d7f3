import type { Pool, PoolClient } from 'pg';
import type { FeatureValue } from '../customers/online-record.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { FeatureDefinition } from './feature.js';
import { aggregateOf, type EventSums, type FeatureValueStore, type FeatureWrite } from './feature-values.js';

const lockSql = 'SELECT attune_lock_customers($1, $2, $3) AS id';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

/** Values come as one text, a line each: JSON holds no line break. Of several for one name the last in order of time and value is taken. */
const given = `
  SELECT DISTINCT ON (customer_id, name) customer_id, name, value::jsonb AS value, at
  FROM unnest($2::text[], $3::text[], string_to_array($4, E'\\n'), $5::timestamptz[]) AS it(customer_id, name, value, at)
  ORDER BY customer_id, name, at DESC, value::jsonb DESC`;

/** The customers are held, so what is there cannot change between the look at it and the write. */
const keepSql = (wins: string): string => `
  WITH given AS (${given}), changed AS (
    SELECT g.*, f.at AS was_at, f.value IS DISTINCT FROM g.value AS differs
    FROM given g LEFT JOIN customer_features f ON f.tenant_id = $1 AND f.customer_id = g.customer_id AND f.name = g.name
    WHERE f.at IS NULL OR ${wins}
  ), written AS (
    INSERT INTO customer_features (tenant_id, customer_id, name, value, at)
    SELECT $1, customer_id, name, value, GREATEST(at, was_at) FROM changed
    ON CONFLICT (tenant_id, customer_id, name) DO UPDATE SET value = excluded.value, at = excluded.at
  )
  SELECT customer_id AS "customerId", name, differs FROM changed`;
const writeSql = keepSql('(f.at, f.value) < (g.at, g.value)');
/** What is counted now is the truth about now, whatever an earlier count said, and whosever clock it had. */
const recountSql = keepSql('f.at < g.at OR f.value <> g.value');

const removeSql = `
  DELETE FROM customer_features f USING unnest($2::text[], $3::text[]) AS it(customer_id, name)
  WHERE f.tenant_id = $1 AND f.customer_id = it.customer_id AND f.name = it.name
  RETURNING f.customer_id AS "customerId", f.name, true AS differs`;

/** All aggregates of all customers in one reading of the log. Sums are decimal, so that they do not depend on the order of the events. */
const sumsSql = `
  SELECT e.customer_id AS "customerId", d.name, count(*)::int AS count, (extract(epoch FROM max(e.at)) * 1000)::float8 AS "newestAt",
    sum(CASE WHEN jsonb_typeof(e.properties -> d.property) = 'number' THEN (e.properties ->> d.property)::numeric END)::text AS sum,
    (array_agg(e.properties -> d.property ORDER BY e.at DESC, e.id DESC) FILTER (WHERE jsonb_typeof(e.properties -> d.property) = d.json_type))[1] AS last
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) AS d(name, event, property, json_type, since)
  JOIN events e ON e.type = d.event AND e.at > d.since
  WHERE e.tenant_id = $1 AND e.customer_id = ANY($2) AND e.type = ANY($4) AND e.at > $8
  GROUP BY e.customer_id, d.name`;

interface Changed {
  readonly customerId: string;
  readonly name: string;
  /** False where only the time is another one. */
  readonly differs: boolean;
}

type SumsRow = EventSums & { readonly customerId: string; readonly name: string };

export interface Recount {
  /** Each has an aggregate. */
  readonly definitions: readonly FeatureDefinition[];
  readonly customerIds: readonly string[];
  /** Epoch milliseconds. */
  readonly now: number;
}

export class PostgresFeatureValueStore implements FeatureValueStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  write(tenantId: string, values: readonly FeatureWrite[], now: number): Promise<readonly string[]> {
    return answered(inTransaction(this.#pool, async client => {
      const { rows: made } = await client.query<{ id: string }>(lockSql, [tenantId, values.map(it => it.customerId), new Date(now)]);
      const { rows: changed } = await client.query<Changed>(writeSql, [tenantId, ...columnsOf(values)]);
      const ids = await announceLater(client, tenantId, changed, now);
      return [...new Set([...made.map(it => it.id), ...ids])];
    }));
  }
}

/** Counts aggregates anew from the log, within the transaction of `client`, which holds the customers. Returns those who changed. */
export async function recount(client: PoolClient, tenantId: string, { definitions, customerIds, now }: Recount): Promise<readonly string[]> {
  if (definitions.length === 0) return [];
  const aggregates = definitions.flatMap(({ name, valueType, aggregate }) => (aggregate === undefined ? [] : [{ name, valueType, ...aggregate }]));
  const since = aggregates.map(it => now - it.windowMs);
  const { rows } = await client.query<SumsRow>(sumsSql, [
    tenantId,
    customerIds,
    aggregates.map(it => it.name),
    aggregates.map(it => it.event),
    aggregates.map(it => it.property ?? null),
    aggregates.map(it => (it.valueType === 'strings' ? 'array' : it.valueType)),
    since.map(it => new Date(it)),
    new Date(Math.min(...since)),
  ]);
  const { kept, gone } = valuesOf(rows, { definitions, customerIds, now });
  const { rows: changed } = await client.query<Changed>(recountSql, [tenantId, ...columnsOf(kept)]);
  const { rows: removed } = await client.query<Changed>(removeSql, [tenantId, gone.map(it => it.customerId), gone.map(it => it.name)]);
  return announceLater(client, tenantId, [...changed, ...removed], now);
}

const noEvents: EventSums = { count: 0, sum: null, last: undefined, newestAt: null };

function valuesOf(rows: readonly SumsRow[], { definitions, customerIds, now }: Recount): { readonly kept: FeatureWrite[]; readonly gone: Changed[] } {
  const sums = new Map(rows.map(row => [JSON.stringify([row.customerId, row.name]), row]));
  const kept: FeatureWrite[] = [];
  const gone: Changed[] = [];
  for (const customerId of customerIds) {
    for (const definition of definitions) {
      const { name } = definition;
      const value: FeatureValue | undefined = aggregateOf(definition, sums.get(JSON.stringify([customerId, name])) ?? noEvents, now);
      if (value === undefined) gone.push({ customerId, name, differs: true });
      else kept.push({ customerId, name, value, at: now });
    }
  }
  return { kept, gone };
}

const columnsOf = (values: readonly FeatureWrite[]): readonly [string[], string[], string, Date[]] => [
  values.map(it => it.customerId),
  values.map(it => it.name),
  values.map(it => JSON.stringify(it.value)).join('\n'),
  values.map(it => new Date(it.at)),
];

async function announceLater(client: PoolClient, tenantId: string, changed: readonly Changed[], now: number): Promise<readonly string[]> {
  if (changed.length === 0) return [];
  const names = changed.map(({ name, differs }) => (differs ? `FEATURE ${name}` : null));
  await client.query(changeSql, [tenantId, changed.map(it => it.customerId), names, new Date(now)]);
  return [...new Set(changed.map(it => it.customerId))];
}
