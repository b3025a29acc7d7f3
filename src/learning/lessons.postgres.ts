import type { Pool, PoolClient } from 'pg';
import { decodeBody, type DecisionRecord } from '../decisions/decision-record.js';
import type { Snapshots } from '../decisions/snapshot/snapshots.js';
import { InvariantViolation } from '../kernel/errors.js';
import { timeOfUuidv7 } from '../kernel/ids.js';
import { packSums, unpackSums, type ArmSums } from '../models/bandit/linear-posterior.js';
import type { OutcomeKind } from '../outcomes/outcome.js';
import { inTransaction } from '../platform/postgres.js';
import { applyCredits, sumsKey, type Credit } from './credit.js';
import type { Lesson, LessonCursor, Lessons } from './lessons.js';
import { rewardAfter } from './reward.js';
import { trialOf } from './trial.js';

/** Small enough that decisions which are made meanwhile in the same thread do not feel it. */
const pageSize = 500;

interface OutcomeRow {
  readonly id: string;
  readonly decision_id: string;
  readonly kind: OutcomeKind;
  readonly received_at: Date;
  readonly is_old: boolean;
}

/** After ten minutes no process holds a decision that it has not written: it was lost with a process that was killed. */
const outcomesSql = `
  SELECT id, decision_id, kind, received_at, received_at < now() - interval '10 minutes' AS is_old
  FROM outcomes
  WHERE tenant_id = $1 AND learned_at IS NULL AND ($2::timestamptz IS NULL OR (received_at, id) > ($2, $3))
  ORDER BY received_at, id LIMIT $4`;

interface DecisionRow {
  readonly id: string;
  readonly decided_at: Date;
  readonly log: string;
  readonly customer_id: string;
  readonly placement_id: string;
  readonly snapshot_version: string;
  readonly record: string;
}

const decisionsSql = `
  SELECT d.id, d.decided_at, log, customer_id, placement_id, snapshot_version, record
  FROM unnest($2::uuid[], $3::timestamptz[]) AS wanted(id, at)
  JOIN decisions d ON d.tenant_id = $1 AND d.id = wanted.id AND d.decided_at = wanted.at`;

const rewardsSql = 'SELECT decision_id, reward FROM rewards WHERE tenant_id = $1 AND decision_id = ANY($2::uuid[])';

const creditSql = `
  INSERT INTO rewards (tenant_id, decision_id, reward) SELECT $1, * FROM unnest($2::uuid[], $3::float8[])
  ON CONFLICT (tenant_id, decision_id) DO UPDATE SET reward = EXCLUDED.reward`;

const sumsSql = `
  SELECT p.placement_id, p.contract, p.arm, state
  FROM unnest($2::text[], $3::text[], $4::text[]) AS wanted(placement_id, contract, arm)
  JOIN posteriors p ON p.tenant_id = $1 AND p.placement_id = wanted.placement_id AND p.contract = wanted.contract AND p.arm = wanted.arm`;

const keepSql = `
  WITH next AS (
    SELECT wanted.placement_id, coalesce(max(p.version), 0) + 1 AS version
    FROM (SELECT DISTINCT unnest($2::text[])) AS wanted(placement_id)
    LEFT JOIN posteriors p ON p.tenant_id = $1 AND p.placement_id = wanted.placement_id
    GROUP BY wanted.placement_id
  ), kept AS (
    INSERT INTO posteriors (tenant_id, placement_id, contract, arm, version, trials, state)
    SELECT $1, placement_id, contract, arm, version, trials, state
    FROM unnest($2::text[], $3::text[], $4::text[], $5::float8[], $6::bytea[]) AS it(placement_id, contract, arm, trials, state) JOIN next USING (placement_id)
    ON CONFLICT (tenant_id, placement_id, arm, contract)
    DO UPDATE SET version = EXCLUDED.version, trials = EXCLUDED.trials, state = EXCLUDED.state, updated_at = now()
  )
  SELECT placement_id, version FROM next`;

export class PostgresLessons implements Lessons {
  readonly #pool: Pool;
  readonly #snapshots: Pick<Snapshots, 'at'>;

  constructor(pool: Pool, snapshots: Pick<Snapshots, 'at'>) {
    this.#pool = pool;
    this.#snapshots = snapshots;
  }

  async waiting(): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ tenant_id: string }>('SELECT DISTINCT tenant_id FROM outcomes WHERE learned_at IS NULL');
    return rows.map(it => it.tenant_id);
  }

  next(tenantId: string, from: LessonCursor | undefined): Promise<Lesson> {
    return inTransaction(this.#pool, async (client): Promise<Lesson> => {
      if (!(await isAlone(client, tenantId))) return { kind: 'busy' };
      const { rows: outcomes } = await client.query<OutcomeRow>(outcomesSql, [tenantId, from?.receivedAt ?? null, from?.id ?? null, pageSize]);
      const decisions = await readDecisions(client, tenantId, outcomes);
      const placements = await this.#learn(client, tenantId, outcomes, decisions);
      const done = outcomes.filter(it => decisions.has(it.decision_id) || it.is_old).map(it => it.id);
      await client.query('UPDATE outcomes SET learned_at = now() WHERE tenant_id = $1 AND id = ANY($2)', [tenantId, done]);
      const last = outcomes.length < pageSize ? undefined : outcomes.at(-1);
      return { kind: 'learned', placements, next: last && { receivedAt: last.received_at, id: last.id } };
    });
  }

  async #learn(
    client: PoolClient,
    tenantId: string,
    outcomes: readonly OutcomeRow[],
    decisions: ReadonlyMap<string, DecisionRow>,
  ): Promise<readonly { readonly placementId: string; readonly version: number }[]> {
    const kinds = new Map<string, OutcomeKind[]>();
    for (const { decision_id: id, kind } of outcomes) if (decisions.get(id)?.log === 'live') kinds.set(id, [...(kinds.get(id) ?? []), kind]);
    const { rows } = await client.query<{ decision_id: string; reward: number }>(rewardsSql, [tenantId, [...kinds.keys()]]);
    const before = new Map(rows.map(it => [it.decision_id, it.reward]));
    const credits = new Map<string, Credit>();
    for (const [id, of] of kinds) {
      const row = decisions.get(id);
      const trial = row && (await this.#trialOf(recordOf(tenantId, row)));
      if (trial !== undefined) credits.set(id, { trial, before: before.get(id), after: rewardAfter(before.get(id) ?? 0, of) });
    }
    if (credits.size === 0) return [];
    await client.query(creditSql, [tenantId, [...credits.keys()], [...credits.values()].map(it => it.after)]);
    const sums = await readSums(client, tenantId, [...credits.values()]);
    return keep(client, tenantId, applyCredits(sums, [...credits.values()]));
  }

  async #trialOf(record: DecisionRecord): Promise<ReturnType<typeof trialOf>> {
    return trialOf(record, await this.#snapshots.at(record.tenantId, record.snapshotVersion));
  }
}

/** Until the end of the transaction. */
async function isAlone(client: PoolClient, tenantId: string): Promise<boolean> {
  const { rows } = await client.query<{ alone: boolean }>(`SELECT pg_try_advisory_xact_lock(hashtextextended('attune learning ' || $1, 0)) AS alone`, [tenantId]);
  return rows[0]?.alone === true;
}

async function readDecisions(client: PoolClient, tenantId: string, outcomes: readonly OutcomeRow[]): Promise<ReadonlyMap<string, DecisionRow>> {
  const ids = [...new Set(outcomes.map(it => it.decision_id))];
  const { rows } = await client.query<DecisionRow>(decisionsSql, [tenantId, ids, ids.map(id => new Date(timeOfUuidv7(id)))]);
  return new Map(rows.map(it => [it.id, it]));
}

function recordOf(tenantId: string, row: DecisionRow): DecisionRecord {
  const { id, customer_id: customerId, placement_id: placementId, decided_at: decidedAt, snapshot_version: version, record } = row;
  return decodeBody({ tenantId, id, customerId, placementId, decidedAt: decidedAt.getTime(), snapshotVersion: Number(version) }, record);
}

async function readSums(client: PoolClient, tenantId: string, credits: readonly Credit[]): Promise<ReadonlyMap<string, ArmSums>> {
  const trials = [...new Map(credits.map(({ trial }) => [sumsKey(trial), trial])).values()];
  const { rows } = await client.query<{ placement_id: string; contract: string; arm: string; state: Buffer }>(sumsSql, [
    tenantId,
    trials.map(it => it.placementId),
    trials.map(it => it.contract),
    trials.map(it => it.arm),
  ]);
  return new Map(rows.map(({ placement_id: placementId, contract, arm, state }) => {
    const sums = unpackSums(state);
    if (sums === undefined) throw new InvariantViolation('The stored sums of an arm cannot be read');
    return [sumsKey({ placementId, contract, arm }), sums];
  }));
}

async function keep(
  client: PoolClient,
  tenantId: string,
  changed: ReadonlyMap<string, ArmSums>,
): Promise<readonly { readonly placementId: string; readonly version: number }[]> {
  if (changed.size === 0) return [];
  const keys = [...changed.keys()].map(key => JSON.parse(key) as readonly [placementId: string, contract: string, arm: string]);
  const sums = [...changed.values()];
  const { rows } = await client.query<{ placement_id: string; version: string }>(keepSql, [
    tenantId,
    keys.map(([placementId]) => placementId),
    keys.map(([, contract]) => contract),
    keys.map(([, , arm]) => arm),
    sums.map(it => it.trials),
    sums.map(it => Buffer.from(packSums(it))),
  ]);
  return rows.map(it => ({ placementId: it.placement_id, version: Number(it.version) }));
}
