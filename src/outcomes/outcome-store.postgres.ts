import type { Pool } from 'pg';
import { databaseFailure } from '../platform/postgres.js';
import type { Outcome, OutcomeStore } from './outcome.js';

/** The last line looks at the table as it was before: a decision whose impression was there has been seen before. */
const addSql = `
  WITH added AS (
    INSERT INTO outcomes (tenant_id, id, decision_id, kind, value, at)
    SELECT $1, * FROM unnest($2::text[], $3::uuid[], $4::text[], $5::float8[], $6::timestamptz[])
    ON CONFLICT DO NOTHING
    RETURNING id, decision_id, kind
  )
  SELECT id, decision_id, kind = 'impression'
    AND NOT EXISTS (SELECT FROM outcomes o WHERE o.tenant_id = $1 AND o.decision_id = added.decision_id AND o.kind = 'impression') AS is_first
  FROM added`;

interface Row {
  readonly id: string;
  readonly decision_id: string;
  readonly is_first: boolean;
}

export class PostgresOutcomeStore implements OutcomeStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async add(tenantId: string, outcomes: readonly Outcome[]): ReturnType<OutcomeStore['add']> {
    const values = [
      tenantId,
      outcomes.map(it => it.id),
      outcomes.map(it => it.decisionId),
      outcomes.map(it => it.kind),
      outcomes.map(it => it.value),
      outcomes.map(it => new Date(it.at)),
    ];
    const { rows } = await this.#pool.query<Row>({ name: 'outcomes-add', text: addSql, values }).catch((error: unknown) => {
      throw databaseFailure(error) ?? error;
    });
    const firsts = new Set(rows.filter(it => it.is_first).map(it => it.decision_id));
    return { added: new Set(rows.map(it => it.id)), firstImpressions: firsts.size };
  }
}
