import type { Pool, PoolClient } from 'pg';
import { NotFound } from '../../kernel/errors.js';
import { inTransaction } from '../../platform/postgres.js';
import { erasedAmong, type HashIds } from '../../platform/tombstones.js';
import { encodeBody } from '../decision-record.js';
import { recordOf, type ImportedBatch, type ImportedLogs, type ImportResult } from './imported-decision.js';

/** The configuration that the records are kept under, and which of the named things are missing in it. */
const lookSql = `
  SELECT t.config_version AS version,
    EXISTS (SELECT FROM definitions d WHERE d.tenant_id = t.id AND d.kind = 'placement' AND d.id = $2 AND d.until IS NULL) AS has_placement,
    (SELECT count(*)::int FROM definitions d WHERE d.tenant_id = t.id AND d.kind = 'item' AND d.id = ANY($3) AND d.until IS NULL) AS items
  FROM tenants t WHERE t.id = $1`;

/** The records go as one text, a line each: JSON holds no line break, and an array of texts would have each quote escaped. */
const decisionsSql = `
  INSERT INTO decisions (tenant_id, id, decided_at, log, customer_id, placement_id, item_id, propensity, level, snapshot_version, record)
  SELECT $1, id, at, $2, customer, $3, item, propensity, 'FULL', $4, record
  FROM unnest($5::uuid[], $6::timestamptz[], $7::text[], $8::text[], $9::float8[], string_to_array($10, E'\\n')) AS it(id, at, customer, item, propensity, record)
  ON CONFLICT DO NOTHING`;

const outcomesSql = `
  INSERT INTO outcomes (tenant_id, id, decision_id, kind, value, at, learned_at)
  SELECT $1, id, decision, kind, value, at, now()
  FROM unnest($2::text[], $3::uuid[], $4::text[], $5::float8[], $6::timestamptz[]) AS it(id, decision, kind, value, at)
  ON CONFLICT DO NOTHING`;

export class PostgresImportedLogs implements ImportedLogs {
  readonly #pool: Pool;
  readonly #hashing: HashIds;

  constructor(pool: Pool, hashing: HashIds) {
    this.#pool = pool;
    this.#hashing = hashing;
  }

  async add(tenantId: string, batch: ImportedBatch): Promise<ImportResult> {
    const version = await this.#versionWith(tenantId, batch);
    const days = new Set(batch.decisions.map(({ decidedAt }) => new Date(decidedAt).toISOString().slice(0, 10)));
    for (const day of [...days].sort()) await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['decisions', day]);
    const hashOf = await this.#hashing(tenantId);
    return inTransaction(this.#pool, async client => {
      const erased = await erasedAmong(client, tenantId, batch.decisions.map(it => hashOf(it.customerId)));
      return insert(client, tenantId, version, { ...batch, decisions: batch.decisions.filter(it => !erased.has(hashOf(it.customerId))) });
    });
  }

  async #versionWith(tenantId: string, { placementId, candidateItemIds }: ImportedBatch): Promise<number> {
    const { rows: [found] } = await this.#pool.query<{ version: string; has_placement: boolean; items: number }>(lookSql, [tenantId, placementId, candidateItemIds]);
    if (found?.has_placement !== true) throw new NotFound('There is no such placement.', { details: { path: '/placementId' } });
    if (found.items < candidateItemIds.length) throw new NotFound('There is no such item.', { details: { path: '/candidateItemIds' } });
    return Number(found.version);
  }
}

async function insert(client: PoolClient, tenantId: string, version: number, batch: ImportedBatch): Promise<ImportResult> {
  const { log, placementId, decisions } = batch;
  const added = await client.query(decisionsSql, [
    tenantId,
    log,
    placementId,
    version,
    decisions.map(it => it.id),
    decisions.map(it => new Date(it.decidedAt)),
    decisions.map(it => it.customerId),
    decisions.map(it => it.itemId),
    decisions.map(it => it.propensity),
    decisions.map(it => encodeBody(recordOf(tenantId, version, batch, it))).join('\n'),
  ]);
  const outcomes = decisions.flatMap(({ id, outcomes: its }) => its.map(it => ({ ...it, decisionId: id })));
  const followed = await client.query(outcomesSql, [
    tenantId,
    outcomes.map(it => it.id),
    outcomes.map(it => it.decisionId),
    outcomes.map(it => it.kind),
    outcomes.map(it => it.value),
    outcomes.map(it => new Date(it.at)),
  ]);
  return { decisions: added.rowCount ?? 0, outcomes: followed.rowCount ?? 0 };
}
