import type { Pool } from 'pg';
import type { FeatureValue } from '../../customers/online-record.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { FeatureJob, FeatureVersionStore, ShadowPair } from './feature-version-store.js';
import type { Profile } from './profile.js';

const startSql = `
  INSERT INTO feature_jobs (tenant_id, name, version, kind, total, started_at)
  SELECT $1, $2, $3, $4, count(*)::int, $5 FROM customers WHERE tenant_id = $1
  ON CONFLICT (tenant_id, name, version, kind) DO UPDATE SET total = excluded.total, done = 0, last_id = NULL, started_at = excluded.started_at, finished_at = NULL`;
const dropShadowSql = 'DELETE FROM feature_shadow_values WHERE tenant_id = $1 AND name = $2';
const dropFillsSql = "DELETE FROM feature_jobs WHERE tenant_id = $1 AND name = $2 AND (kind = 'fill' OR kind = $3)";
/** Each by its tenant and name. */
const forgetting = ['feature_jobs', 'feature_shadow_values', 'feature_baselines', 'feature_history'].map(table => `DELETE FROM ${table} WHERE tenant_id = $1 AND name = $2`);
const jobsSql = `
  SELECT kind, version, total, done, started_at AS "startedAt", finished_at AS "finishedAt" FROM feature_jobs WHERE tenant_id = $1 AND name = $2 ORDER BY started_at DESC`;

/** One of every so many customers, by a hash of the id: the same ones each time. */
const sampled = (id: string): string => `(counted.n <= $3 OR abs(hashtext(${id})::bigint) % (1 + counted.n / $3) = 0)`;
const shadowSql = `
  WITH counted AS (SELECT count(*) AS n FROM feature_shadow_values WHERE tenant_id = $1 AND name = $2 AND version = $4)
  SELECT s.live_value AS live, s.value AS candidate FROM feature_shadow_values s, counted
  WHERE s.tenant_id = $1 AND s.name = $2 AND s.version = $4 AND ${sampled('s.customer_id')}`;
const valuesSql = `
  WITH counted AS (SELECT count(*) AS n FROM customers WHERE tenant_id = $1)
  SELECT f.value FROM customers c CROSS JOIN counted
  LEFT JOIN customer_features f ON f.tenant_id = $1 AND f.customer_id = c.id AND f.name = $2
  WHERE c.tenant_id = $1 AND ${sampled('c.id')}`;
const baselineSql = `
  INSERT INTO feature_baselines (tenant_id, name, baseline, profile, made_at) VALUES ($1, $2, $3, $4, $5)
  ON CONFLICT (tenant_id, name, baseline) DO UPDATE SET profile = excluded.profile, made_at = excluded.made_at`;

export class PostgresFeatureVersionStore implements FeatureVersionStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async start(tenantId: string, name: string, { kind, version }: Pick<FeatureJob, 'kind' | 'version'>, now: number): Promise<void> {
    await answered(inTransaction(this.#pool, async client => {
      await client.query(dropFillsSql, [tenantId, name, kind]);
      await client.query(dropShadowSql, [tenantId, name]);
      await client.query(startSql, [tenantId, name, version, kind, new Date(now)]);
    }));
  }

  async jobs(tenantId: string, name: string): Promise<readonly FeatureJob[]> {
    return (await answered(this.#pool.query<FeatureJob>(jobsSql, [tenantId, name]))).rows;
  }

  async shadow(tenantId: string, { name, version, most }: { readonly name: string; readonly version: number; readonly most: number }): Promise<readonly ShadowPair[]> {
    return (await answered(this.#pool.query<ShadowPair>(shadowSql, [tenantId, name, most, version]))).rows;
  }

  async dropShadow(tenantId: string, name: string): Promise<void> {
    await answered(inTransaction(this.#pool, async client => {
      await client.query(dropFillsSql, [tenantId, name, 'fill']);
      await client.query(dropShadowSql, [tenantId, name]);
    }));
  }

  async forget(tenantId: string, name: string): Promise<void> {
    await answered(inTransaction(this.#pool, async client => {
      for (const text of forgetting) await client.query(text, [tenantId, name]);
    }));
  }

  async values(tenantId: string, { name, most }: { readonly name: string; readonly most: number }): Promise<readonly (FeatureValue | null)[]> {
    return (await answered(this.#pool.query<{ value: FeatureValue | null }>(valuesSql, [tenantId, name, most]))).rows.map(it => it.value);
  }

  async saveBaseline(tenantId: string, { name, baseline, profile }: { readonly name: string; readonly baseline: string; readonly profile: Profile }, now: number): Promise<void> {
    await answered(this.#pool.query(baselineSql, [tenantId, name, baseline, JSON.stringify(profile), new Date(now)]));
  }
}
