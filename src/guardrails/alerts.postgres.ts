import type { Pool } from 'pg';
import { answered } from '../platform/postgres.js';
import type { Alert, Alerts } from './alerts.js';

const raiseSql = `
  INSERT INTO alerts (tenant_id, id, at, kind, subject, message, details, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
  ON CONFLICT (tenant_id, kind, subject) WHERE ended_at IS NULL DO NOTHING`;
const endSql = 'UPDATE alerts SET ended_at = $3 WHERE tenant_id = $1 AND subject = $2 AND ended_at IS NULL';
const listSql = `
  SELECT id, at, kind, subject, message, details, ended_at AS "endedAt" FROM alerts WHERE tenant_id = $1 AND ($2::text IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`;

export class PostgresAlerts implements Alerts {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async raise(tenantId: string, { id, at, kind, subject, message, details, endedAt }: Alert): Promise<boolean> {
    const { rowCount } = await answered(this.#pool.query(raiseSql, [tenantId, id, at, kind, subject, message, JSON.stringify(details), endedAt]));
    return rowCount === 1;
  }

  async end(tenantId: string, subject: string, now: number): Promise<void> {
    await answered(this.#pool.query(endSql, [tenantId, subject, new Date(now)]));
  }

  async list(tenantId: string, { first, before }: { readonly first: number; readonly before: string | undefined }): Promise<readonly Alert[]> {
    return (await answered(this.#pool.query<Alert>(listSql, [tenantId, before ?? null, first]))).rows;
  }
}
