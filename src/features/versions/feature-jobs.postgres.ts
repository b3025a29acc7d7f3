import type { Pool, PoolClient } from 'pg';
import type { FeatureValue } from '../../customers/online-record.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { Definitions } from '../../tenants/definitions.js';
import { restsOn } from '../derived.js';
import { parseExpression } from '../expression.schema.js';
import { historyLimitOf, versionOf, type FeatureDefinition } from '../feature.js';
import { featureCandidates, parseFeature } from '../feature.schema.js';
import { keepChanges } from '../history/history.postgres.js';
import { compute, planOf, readStored } from '../recount.postgres.js';
import type { JobPages, PageDone } from './feature-jobs.js';

interface JobRow {
  readonly tenant_id: string;
  readonly name: string;
  readonly version: number;
  readonly kind: 'fill' | 'restore';
  readonly last_id: string | null;
}

const pageSize = 500;

/** Several processes take the jobs of several features; one job is one process's for a page. */
const takeSql = `
  SELECT tenant_id, name, version, kind, last_id FROM feature_jobs WHERE finished_at IS NULL ORDER BY started_at LIMIT 1 FOR UPDATE SKIP LOCKED`;
const customersSql = 'SELECT id FROM customers WHERE tenant_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3';
const progressSql = `
  UPDATE feature_jobs SET done = done + $5, last_id = COALESCE($6, last_id), finished_at = $7 WHERE tenant_id = $1 AND name = $2 AND version = $3 AND kind = $4`;
const dropSql = 'DELETE FROM feature_jobs WHERE tenant_id = $1 AND name = $2 AND version = $3 AND kind = $4';

const shadowSql = `
  INSERT INTO feature_shadow_values (tenant_id, name, version, customer_id, value, live_value)
  SELECT $1, $2, $3, it.id, NULLIF(it.value::jsonb, 'null'::jsonb), NULLIF(it.live::jsonb, 'null'::jsonb)
  FROM unnest($4::text[], string_to_array($5, E'\\n'), string_to_array($6, E'\\n')) AS it(id, value, live)
  ON CONFLICT (tenant_id, name, version, customer_id) DO UPDATE SET value = excluded.value, live_value = excluded.live_value`;

const lockSql = 'SELECT FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE';
/** What each customer had last by an earlier version, or by this one; without such a value, nothing is left of the later one. */
const keptSql = `
  SELECT f.customer_id AS id, f.value AS was, h.value, COALESCE(h.version, $4) AS version, (extract(epoch FROM h.at) * 1000)::float8 AS at
  FROM customer_features f
  LEFT JOIN LATERAL (
    SELECT value, version, at FROM feature_history h
    WHERE h.tenant_id = $1 AND h.customer_id = f.customer_id AND h.name = f.name AND h.version <= $4 ORDER BY h.seq DESC LIMIT 1
  ) AS h ON true
  WHERE f.tenant_id = $1 AND f.customer_id = ANY($2) AND f.name = $3 AND f.version <> $4`;
const putBackSql = `
  UPDATE customer_features f SET value = it.value::jsonb, at = it.at, version = $5
  FROM unnest($2::text[], string_to_array($3, E'\\n'), $4::timestamptz[]) AS it(id, value, at)
  WHERE f.tenant_id = $1 AND f.customer_id = it.id AND f.name = $6`;
const removeSql = 'DELETE FROM customer_features WHERE tenant_id = $1 AND customer_id = ANY($2) AND name = $3';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

interface KeptRow {
  readonly id: string;
  readonly was: FeatureValue;
  readonly value: FeatureValue | null;
  readonly at: number | null;
}

export class PostgresJobPages implements JobPages {
  readonly #pool: Pool;
  readonly #definitions: Pick<Definitions, 'list' | 'find'>;

  constructor(pool: Pool, definitions: Pick<Definitions, 'list' | 'find'>) {
    this.#pool = pool;
    this.#definitions = definitions;
  }

  next(now: number): Promise<PageDone | undefined> {
    return answered(inTransaction(this.#pool, async client => {
      const { rows: [job] } = await client.query<JobRow>(takeSql);
      if (job === undefined) return undefined;
      const { rows } = await client.query<{ id: string }>(customersSql, [job.tenant_id, job.last_id, pageSize]);
      const ids = rows.map(it => it.id);
      const changed = await (job.kind === 'fill' ? this.#fill(client, job, ids, now) : this.#restore(client, job, ids, now));
      const key = [job.tenant_id, job.name, job.version, job.kind];
      if (changed === undefined) await client.query(dropSql, key);
      else await client.query(progressSql, [...key, ids.length, ids.at(-1) ?? null, ids.length < pageSize ? new Date(now) : null]);
      return { tenantId: job.tenant_id, changed: changed ?? [] };
    }));
  }

  /** Returns undefined where the candidate is no more. */
  async #fill(client: PoolClient, { tenant_id: tenantId, name, version }: JobRow, ids: readonly string[], now: number): Promise<readonly string[] | undefined> {
    const [found] = await this.#definitions.find(tenantId, 'featureCandidate', [name]);
    const candidate = found && featureCandidates.parse(found.body);
    if (candidate === undefined || versionOf(candidate) !== version) return undefined;
    if (ids.length === 0) return [];
    const live = (await this.#definitions.list(tenantId, 'feature', { first: 1000 })).map(it => parseFeature(it.body));
    const stored = await readStored(client, tenantId, ids);
    const valuesBy = async (definitions: readonly FeatureDefinition[]): Promise<string> => {
      const computed = await compute(client, tenantId, { plan: planOf(neededFor(name, definitions)), customerIds: ids, now }, stored);
      return ids.map(id => JSON.stringify((computed.get(id)?.values.has(name) ? computed.get(id)?.values.get(name) : stored.get(id)?.[name]?.value) ?? null)).join('\n');
    };
    const next = await valuesBy(live.map(it => (it.name === name ? candidate : it)));
    await client.query(shadowSql, [tenantId, name, version, ids, next, await valuesBy(live)]);
    return [];
  }

  async #restore(client: PoolClient, { tenant_id: tenantId, name, version }: JobRow, ids: readonly string[], now: number): Promise<readonly string[] | undefined> {
    const [found] = await this.#definitions.find(tenantId, 'feature', [name]);
    const definition = found && parseFeature(found.body);
    if (definition === undefined || versionOf(definition) !== version) return undefined;
    await client.query(lockSql, [tenantId, ids]);
    const { rows } = await client.query<KeptRow>(keptSql, [tenantId, ids, name, version]);
    const back = rows.filter(it => it.value !== null);
    const gone = rows.filter(it => it.value === null);
    if (rows.length === 0) return [];
    await client.query(putBackSql, [tenantId, back.map(it => it.id), back.map(it => JSON.stringify(it.value)).join('\n'), back.map(it => new Date(it.at ?? now)), version, name]);
    await client.query(removeSql, [tenantId, gone.map(it => it.id), name]);
    const changed = rows.filter(it => JSON.stringify(it.value) !== JSON.stringify(it.was));
    const limit = historyLimitOf(definition);
    await keepChanges(client, tenantId, changed.map(({ id, value, at }) => ({ customerId: id, name, value: value ?? undefined, at: at ?? now, version, limit })), now);
    await client.query(changeSql, [tenantId, rows.map(it => it.id), rows.map(it => (changed.includes(it) ? `FEATURE ${name}` : null)), new Date(now)]);
    return rows.map(it => it.id);
  }
}

/** A feature and those that it is computed from. */
function neededFor(name: string, definitions: readonly FeatureDefinition[]): readonly FeatureDefinition[] {
  const byName = new Map(definitions.map(it => [it.name, it]));
  const needed = new Set<FeatureDefinition>();
  const add = (of: string): void => {
    const definition = byName.get(of);
    if (definition === undefined || needed.has(definition)) return;
    needed.add(definition);
    restsOn(definition, parseExpression).forEach(add);
  };
  add(name);
  return [...needed];
}
