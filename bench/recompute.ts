import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Figure } from './figure.js';
import { median } from './measure.js';
import { sparkSeconds } from './recompute-spark.js';
import { PostgresRecomputes } from '../src/features/batch/recompute.postgres.js';
import type { Aggregate, FeatureDefinition } from '../src/features/feature.js';
import { parametersOf, planOf, textOfAll } from '../src/features/recount.postgres.js';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.js';
import { migrate } from '../src/platform/migrate.js';
import { createPool } from '../src/platform/postgres.js';

const tenantId = 'bench';
const now = Date.parse('2026-03-01T12:00:00Z');
const windowMs = 30 * 86_400_000;
const runs = 3;

const of = (name: string, aggregate: Omit<Aggregate, 'windowMs'>, valueType: FeatureDefinition['valueType'] = 'number'): FeatureDefinition =>
  ({ name, description: '', valueType, ttlMs: windowMs, aggregate: { ...aggregate, windowMs } });

const definitions: readonly FeatureDefinition[] = [
  of('page_views', { function: 'count', event: 'page_view' }),
  of('purchases', { function: 'count', event: 'purchase' }),
  of('spent', { function: 'sum', event: 'purchase', property: 'value' }),
  of('mean_value', { function: 'mean', event: 'purchase', property: 'value' }),
  of('dearest', { function: 'max', event: 'purchase', property: 'value' }),
  of('large_purchases', { function: 'count', event: 'purchase', where: { property: { name: 'value', operator: 'greaterThan', value: 50 } } }),
  of('categories', { function: 'distinct', event: 'page_view', property: 'category' }),
  of('idle_days', { function: 'recencyDays' }),
  of('conversion', { function: 'ratio', event: 'purchase', per: { event: 'page_view' } }),
  of('last_device', { function: 'last', event: 'page_view', property: 'device' }, 'string'),
];

/** What somebody would write by hand who needed just these. */
const byHandSql = `
  CREATE TEMP TABLE by_hand AS
  WITH mine AS (SELECT customer_id, type, at, id, properties FROM events WHERE tenant_id = $1 AND at > $2 AND at <= $3),
  last_views AS (
    SELECT DISTINCT ON (customer_id) customer_id, properties ->> 'device' AS last_device
    FROM mine WHERE type = 'page_view' AND jsonb_typeof(properties -> 'device') = 'string' ORDER BY customer_id, at DESC, id DESC
  ), totals AS (
    SELECT customer_id,
      count(*) FILTER (WHERE type = 'page_view') AS page_views,
      count(*) FILTER (WHERE type = 'purchase') AS purchases,
      sum((properties ->> 'value')::numeric) FILTER (WHERE type = 'purchase') AS spent,
      avg((properties ->> 'value')::numeric) FILTER (WHERE type = 'purchase') AS mean_value,
      max((properties ->> 'value')::numeric) FILTER (WHERE type = 'purchase') AS dearest,
      count(*) FILTER (WHERE type = 'purchase' AND (properties ->> 'value')::numeric > 50) AS large_purchases,
      count(DISTINCT properties ->> 'category') FILTER (WHERE type = 'page_view') AS categories,
      extract(epoch FROM $3 - max(at)) / 86400 AS idle_days,
      count(*) FILTER (WHERE type = 'purchase')::float8 / nullif(count(*) FILTER (WHERE type = 'page_view'), 0) AS conversion
    FROM mine GROUP BY customer_id
  )
  SELECT * FROM totals LEFT JOIN last_views USING (customer_id)`;

export interface RecomputeSize {
  readonly events: number;
  readonly customers: number;
}

/**
 * All customers' features from the log: the generated statement beside one written by hand for the same, then the whole job with all values written.
 * @param spark whether the generated statement runs in Spark, too
 */
export async function benchRecompute({ events, customers }: RecomputeSize, spark: boolean): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
  const pool = createPool({ databasePoolSize: 4, databaseTimeoutMs: 600_000 }, { url: postgres.url, onError: () => undefined });
  try {
    await migrate(postgres.url);
    await fill(pool, { events, customers });
    const [generated, byHand] = await statementsOf(pool);
    const inSpark = spark ? await sparkSeconds({ pool, folder, tenantId, definitions, now, runs }) : undefined;
    const job = await jobOf(pool, customers);
    const size = `${events.toLocaleString('en')} events of ${customers.toLocaleString('en')} customers, ${definitions.length} features`;
    return [
      { name: 'generated statement', value: generated, unit: 's', floor: { name: 'written by hand', value: byHand }, note: size },
      ...(inSpark === undefined ? [] : [{ name: 'generated statement in Spark', value: inSpark, unit: 's', floor: { name: 'in PostgreSQL', value: generated }, note: 'the same values, bit for bit' }]),
      { name: 'recompute, with every value written', value: job, unit: 's', floor: { name: 'statement by hand', value: byHand }, note: `${Math.round(customers / job)} customers/s` },
    ];
  } finally {
    await pool.end();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(pool: Pool, { events, customers }: RecomputeSize): Promise<void> {
  await pool.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [tenantId]);
  await pool.query('INSERT INTO customers (tenant_id, id) SELECT $1, $2 || i FROM generate_series(0, $3::int - 1) AS i', [tenantId, 'customer-', customers]);
  for (let day = 0; day <= 40; day++) await pool.query(`SELECT attune_ensure_day('events', $1::date)`, [new Date(now - day * 86_400_000).toISOString().slice(0, 10)]);
  await pool.query(
    `INSERT INTO events (tenant_id, id, at, received_at, customer_id, type, properties)
     SELECT $1, 'e' || i, $2::timestamptz - random() * interval '40 days', $2, 'customer-' || floor(random() * $3::int),
       (ARRAY['page_view', 'page_view', 'page_view', 'purchase', 'login'])[1 + floor(random() * 5)::int],
       jsonb_build_object('value', round((random() * 100)::numeric, 2), 'category', 'c' || floor(random() * 12), 'device', (ARRAY['phone', 'laptop', 'tv'])[1 + floor(random() * 3)::int], 'url', '/some/page')
     FROM generate_series(1, $4::int) AS i`,
    [tenantId, new Date(now), customers, events],
  );
  await pool.query('VACUUM ANALYZE events');
}

/** Seconds of each, in turns, into a table of their own. */
async function statementsOf(pool: Pool): Promise<readonly [number, number]> {
  const client = await pool.connect();
  try {
    await client.query(`SET work_mem = '128MB'`);
    const [generated, byHand]: [number[], number[]] = [[], []];
    for (let i = 0; i < runs; i++) {
      const [statement] = planOf(definitions).statements;
      if (statement === undefined) throw new Error('There is nothing to count');
      generated.push(await secondsOf(() => client.query(`CREATE TEMP TABLE generated AS ${textOfAll(statement)}`, parametersOf(statement, tenantId, null, now))));
      byHand.push(await secondsOf(() => client.query(byHandSql, [tenantId, new Date(now - windowMs), new Date(now)])));
      const { rows: [same] } = await client.query<{ rows: number }>('SELECT count(*)::int AS rows FROM generated FULL JOIN by_hand USING (customer_id) WHERE generated.a0 IS DISTINCT FROM by_hand.page_views');
      if (same?.rows !== 0) throw new Error('The two statements count differently');
      await client.query('DROP TABLE generated, by_hand');
    }
    return [median(generated), median(byHand)];
  } finally {
    client.release(true);
  }
}

async function jobOf(pool: Pool, customers: number): Promise<number> {
  const recomputes = new PostgresRecomputes({
    pool, live: async () => definitions, changed: async () => undefined, now: () => now, newId: () => 'job', onFailure: error => { throw error; },
  });
  return secondsOf(async () => {
    await recomputes.start(tenantId);
    let job = await recomputes.find(tenantId, 'job');
    for (; job?.state === 'RUNNING'; job = await recomputes.find(tenantId, 'job')) await sleep(20);
    if (job?.state !== 'DONE' || job.changed !== customers) throw new Error('The job has not written every customer');
  });
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
