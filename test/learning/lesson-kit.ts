import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { BanditSpec } from '../../src/content/placement.js';
import { PostgresDecisionLog } from '../../src/decisions/decision-log.postgres.js';
import type { DecisionRecord } from '../../src/decisions/decision-record.js';
import { finish } from '../../src/decisions/pipeline/finish.js';
import { prepare } from '../../src/decisions/pipeline/prepare.js';
import type { Snapshot } from '../../src/decisions/snapshot/snapshot.js';
import { uuidv7 } from '../../src/kernel/ids.js';
import { unpackSums, type ArmSums } from '../../src/models/bandit/linear-posterior.js';
import { contractOf } from '../../src/models/bandit/solved-posteriors.js';
import { PostgresOutcomeStore } from '../../src/outcomes/outcome-store.postgres.js';
import type { Outcome, OutcomeKind } from '../../src/outcomes/outcome.js';
import { hero, noon, request, shop, state } from '../decisions/shop.js';

export const spec: BanditSpec = { features: ['engagement_score', 'monetary_score'], lambda: 1, alpha: 0.5 };

/** @param bandit null for a placement that does not learn */
export function learningShop(bandit: BanditSpec | null = spec): Snapshot {
  return shop({ placements: [{ ...hero, policy: { kind: 'uniform' }, ...(bandit && { bandit }) }] }).snapshot;
}

/** A tenant with a real log of decisions and outcomes. Configuration versions are positions in `snapshots`, from 1. */
export class LearningTenant {
  readonly id = randomUUID();
  readonly log: PostgresDecisionLog;
  readonly #pool: Pool;
  readonly #snapshots: readonly Snapshot[];
  #decided = 0;

  constructor(pool: Pool, snapshots: readonly Snapshot[] = [learningShop()]) {
    this.#pool = pool;
    this.#snapshots = snapshots;
    this.log = new PostgresDecisionLog(pool, { capacity: 10_000, patienceMs: 1000, hashing: () => Promise.reject(new Error('Nobody has been erased')), onFailure: error => { throw error; } });
  }

  readonly at = async (_tenantId: string, version: number): Promise<Snapshot> => {
    const snapshot = this.#snapshots[version - 1];
    if (snapshot === undefined) throw new RangeError('There is no such version');
    return snapshot;
  };

  readonly load = (): Promise<Snapshot> => this.at(this.id, this.#snapshots.length);

  /** A decision of uniform chance for a customer with these features, not written yet. */
  decision(features: Readonly<Record<string, number>>, version = 1, more: Parameters<typeof request>[0] = {}): DecisionRecord {
    const snapshot = this.#snapshots[version - 1];
    const placement = snapshot?.placements.get('hero');
    if (snapshot === undefined || placement === undefined) throw new RangeError('There is no such version');
    const decidedAt = noon + this.#decided++;
    const readings = Object.fromEntries(Object.entries(features).map(([name, value]) => [name, { value, at: decidedAt }]));
    const of = request({ id: uuidv7(decidedAt), decidedAt, seed: (this.#decided * 2_654_435_761) >>> 0, ...more });
    const known = state({ features: readings });
    const answer = finish(prepare(of, known, snapshot, placement), { source: 'priority' });
    return { tenantId: this.id, request: of, state: known, scores: { source: 'priority' }, snapshotVersion: version, answer, times: { gather: 0, rules: 0, score: 0, total: 0 } };
  }

  async write(...records: readonly DecisionRecord[]): Promise<void> {
    await this.log.append(records);
    await this.log.flush();
  }

  async tell(...outcomes: readonly Outcome[]): Promise<void> {
    await new PostgresOutcomeStore(this.#pool).add(this.id, outcomes);
  }

  /** Stored sums by arm. */
  async sums(of: BanditSpec = spec): Promise<ReadonlyMap<string, ArmSums>> {
    const { rows } = await this.#pool.query<{ arm: string; state: Buffer }>('SELECT arm, state FROM posteriors WHERE tenant_id = $1 AND contract = $2 ORDER BY arm', [this.id, contractOf(of)]);
    return new Map(rows.map(({ arm, state: bytes }) => {
      const sums = unpackSums(bytes);
      if (sums === undefined) throw new Error('The bytes are no sums');
      return [arm, sums];
    }));
  }

  async unlearned(): Promise<number> {
    const { rows } = await this.#pool.query<{ count: number }>('SELECT count(*)::int AS count FROM outcomes WHERE tenant_id = $1 AND learned_at IS NULL', [this.id]);
    return rows[0]?.count ?? 0;
  }
}

let told = 0;

export function outcome({ request: { id, decidedAt } }: DecisionRecord, kind: OutcomeKind): Outcome {
  return { id: `outcome-${++told}`, decisionId: id, kind, value: null, at: decidedAt + 1000 };
}

/** What the sums have to be, counted from scratch: a trial for each decision with an outcome, won by a click or a conversion. */
export function recount(records: readonly DecisionRecord[], outcomes: readonly Outcome[], features: readonly string[] = spec.features): ReadonlyMap<string, { trials: number; xx: number[]; xr: number[] }> {
  const arms = new Map<string, { trials: number; xx: number[]; xr: number[] }>();
  for (const { request: { id }, state: known, answer } of records) {
    const of = outcomes.filter(it => it.decisionId === id);
    if (of.length === 0) continue;
    const x = [1, ...features.map(name => Number(known.features[name]?.value ?? 0))];
    const won = of.some(it => it.kind !== 'impression') ? 1 : 0;
    const arm = arms.get(answer.selectedItemId ?? '') ?? { trials: 0, xx: new Array<number>(x.length ** 2).fill(0), xr: new Array<number>(x.length).fill(0) };
    arms.set(answer.selectedItemId ?? '', {
      trials: arm.trials + 1,
      xx: arm.xx.map((sum, i) => sum + (x[Math.floor(i / x.length)] ?? 0) * (x[i % x.length] ?? 0)),
      xr: arm.xr.map((sum, i) => sum + won * (x[i] ?? 0)),
    });
  }
  return arms;
}
