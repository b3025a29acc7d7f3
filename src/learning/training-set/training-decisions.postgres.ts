import type { Pool } from 'pg';
import type { Consents } from '../../customers/consent.js';
import { decodeBody } from '../../decisions/decision-record.js';
import type { OutcomeKind } from '../../outcomes/outcome.js';
import { answered } from '../../platform/postgres.js';
import type { TrainingDecision, TrainingDecisions, TrainingSetRequest } from './training-set.js';

const pageSize = 500;

interface Row {
  readonly id: string;
  readonly decided_at: Date;
  readonly customer_id: string;
  readonly snapshot_version: string;
  readonly record: string;
  readonly kinds: readonly OutcomeKind[];
  readonly value: number | null;
  readonly consents: Consents | null;
}

/** By the ids, which are in the order of time (UUIDv7); the time by itself lets PostgreSQL leave out the other days. */
const pageSql = `
  SELECT d.id, d.decided_at, d.customer_id, d.snapshot_version, d.record, COALESCE(came.kinds, '{}') AS kinds, came.value, c.consents
  FROM decisions d
  CROSS JOIN LATERAL (
    SELECT array_agg(o.kind) AS kinds, sum(o.value) FILTER (WHERE o.kind = 'conversion') AS value FROM outcomes o WHERE o.tenant_id = $1 AND o.decision_id = d.id
  ) AS came
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = d.customer_id
  LEFT JOIN customers c ON c.tenant_id = $1 AND c.id = COALESCE(a.customer_id, d.customer_id)
  WHERE d.tenant_id = $1 AND d.log = 'live' AND d.placement_id = $2 AND d.decided_at >= $3 AND d.decided_at < $4 AND d.id > $5
  ORDER BY d.id LIMIT ${pageSize}`;

const beforeAll = '00000000-0000-0000-0000-000000000000';

export class PostgresTrainingDecisions implements TrainingDecisions {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async *pages(tenantId: string, { placementId, from, to }: Omit<TrainingSetRequest, 'features'>): AsyncGenerator<readonly TrainingDecision[]> {
    let since = new Date(from);
    for (let after: string | undefined = beforeAll; after !== undefined;) {
      const { rows }: { readonly rows: readonly Row[] } = await answered(this.#pool.query<Row>(pageSql, [tenantId, placementId, since, new Date(to), after]));
      if (rows.length > 0) yield rows.map(row => decisionOf(tenantId, placementId, row));
      const last: Row | undefined = rows.length === pageSize ? rows.at(-1) : undefined;
      since = last?.decided_at ?? since;
      after = last?.id;
    }
  }
}

function decisionOf(tenantId: string, placementId: string, { id, customer_id: customerId, decided_at: decidedAt, snapshot_version: version, ...row }: Row): TrainingDecision {
  return {
    record: decodeBody({ tenantId, id, customerId, placementId, decidedAt: decidedAt.getTime(), snapshotVersion: Number(version) }, row.record),
    kinds: row.kinds,
    conversionValue: row.value,
    consents: row.consents ?? {},
  };
}
