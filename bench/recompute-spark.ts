import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Pool } from 'pg';
import type { AggregateRow } from '../src/features/aggregate-values.js';
import type { FeatureDefinition } from '../src/features/feature.js';
import { computedOf, parametersOf, planOf, textOfAll } from '../src/features/recount.postgres.js';
import { sparkSource } from '../test/features/spark-source.js';
import { installedSpark } from '../test/support/spark-cli.js';
import { median } from './measure.js';

export interface SparkRecompute {
  readonly pool: Pool;
  /** The exported log is written there. */
  readonly folder: string;
  readonly tenantId: string;
  /** One statement's. */
  readonly definitions: readonly FeatureDefinition[];
  readonly now: number;
  readonly runs: number;
}

type Line = AggregateRow | { readonly clock: number };

const clockSql = 'SELECT to_json(struct(unix_millis(current_timestamp()) AS clock))';

/** Seconds of the statement in Spark, warm, from Parquet files into a table of its own. @throws Error where Spark gives another value than PostgreSQL */
export async function sparkSeconds({ pool, folder, tenantId, definitions, now, runs }: SparkRecompute): Promise<number> {
  const file = path.join(folder, 'events.csv');
  await chmod(folder, 0o777); // the database has a user of its own
  await pool.query(`COPY (SELECT id, customer_id, type, (extract(epoch FROM at) * 1000)::bigint, properties::text FROM events WHERE tenant_id = '${tenantId}') TO '${file}' (FORMAT csv)`);
  const plan = planOf(definitions);
  const { statements: [statement] } = plan;
  if (statement === undefined) throw new Error('There is nothing to count');
  const parameters = parametersOf(statement, tenantId, null, now);
  const text = `WITH source AS (${sparkSource(statement, { table: 'log', now, start: Number(parameters[3]) })}), ${statement.body}`;
  const lines = (await installedSpark().run({}, [
    `CREATE TEMPORARY VIEW exported (id STRING, customer_id STRING, type STRING, at_ms BIGINT, properties STRING) USING csv OPTIONS (path '${file}', escape '"')`,
    'CREATE TABLE log USING parquet AS SELECT * FROM exported',
    // The first run is to warm it up.
    ...Array.from({ length: runs + 1 }, (_, i) => [clockSql, `CREATE TABLE answer_${i} USING parquet AS ${text}`, clockSql]).flat(),
    'SELECT to_json(struct(*)) FROM answer_0',
  ])) as readonly Line[];
  const clocks = lines.flatMap(it => ('clock' in it ? [Number(it.clock)] : []));
  const { rows } = await pool.query<AggregateRow>(textOfAll(statement), parameters);
  const valuesOf = (all: readonly AggregateRow[]): ReadonlyMap<unknown, unknown> => new Map(all.map(it => [it['customer_id'], computedOf(plan, [it], {}, now)]));
  if (!isDeepStrictEqual(valuesOf(lines.filter((it): it is AggregateRow => !('clock' in it))), valuesOf(rows))) throw new Error('Spark and PostgreSQL give different values');
  return median(Array.from({ length: runs }, (_, i) => ((clocks[2 * i + 3] ?? Number.NaN) - (clocks[2 * i + 2] ?? Number.NaN)) / 1000));
}
