import type { Pool } from 'pg';
import { decodeBody } from '../decisions/decision-record.js';
import type { OutcomeKind } from '../outcomes/outcome.js';
import { databaseFailure } from '../platform/postgres.js';
import type { LoggedDecision, LoggedDecisions } from './logged-decision.js';

const pageSize = 500;

interface Row {
  readonly id: string;
  readonly decided_at: Date;
  readonly customer_id: string;
  readonly placement_id: string;
  readonly snapshot_version: string;
  readonly record: string;
  readonly kinds: readonly OutcomeKind[];
}

/** By the ids, which are in the order of time (UUIDv7); the time by itself lets PostgreSQL leave out the days before. */
const pageSql = `
  SELECT d.id, decided_at, customer_id, placement_id, snapshot_version, record, kinds
  FROM decisions d
  CROSS JOIN LATERAL (SELECT array_agg(kind) AS kinds FROM outcomes o WHERE o.tenant_id = $1 AND o.decision_id = d.id) AS came
  WHERE d.tenant_id = $1 AND log = $2 AND ($3::text IS NULL OR placement_id = $3) AND kinds IS NOT NULL
    AND decided_at >= $4 AND d.id > $5
  ORDER BY d.id LIMIT ${pageSize}`;

const beforeAll = { at: new Date(0), id: '00000000-0000-0000-0000-000000000000' };

export class PostgresLoggedDecisions implements LoggedDecisions {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async *pages(tenantId: string, log: string, placementId: string | undefined): AsyncGenerator<readonly LoggedDecision[]> {
    for (let from = beforeAll, isLast = false; !isLast; ) {
      const { rows } = await this.#pool.query<Row>(pageSql, [tenantId, log, placementId ?? null, from.at, from.id]).catch((error: unknown) => {
        throw databaseFailure(error) ?? error;
      });
      if (rows.length > 0) yield rows.map(row => decisionOf(tenantId, row));
      const last = rows.at(-1);
      isLast = last === undefined || rows.length < pageSize;
      if (last !== undefined) from = { at: last.decided_at, id: last.id };
    }
  }
}

function decisionOf(tenantId: string, row: Row): LoggedDecision {
  const { id, customer_id: customerId, placement_id: placementId, decided_at: decidedAt, snapshot_version: version, record, kinds } = row;
  return { record: decodeBody({ tenantId, id, customerId, placementId, decidedAt: decidedAt.getTime(), snapshotVersion: Number(version) }, record), kinds };
}
