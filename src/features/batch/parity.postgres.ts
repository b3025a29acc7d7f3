import type { Pool } from 'pg';
import { behaviourPrefix } from '../../conditions/behaviour.js';
import type { FeatureValue, OnlineRecord } from '../../customers/online-record.js';
import { InvalidInput } from '../../kernel/errors.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { FeatureDefinition } from '../feature.js';
import { compute, planOf, readStored, type Plan } from '../recount.postgres.js';
import { SkewCount, type Parities, type Parity } from './parity.js';

export interface ParityDeps {
  readonly pool: Pool;
  /** The tenant's definitions, hidden ones included. */
  readonly live: (tenantId: string) => Promise<readonly FeatureDefinition[]>;
  /** What readers see. */
  readonly read: (tenantId: string, customerIds: readonly string[]) => Promise<readonly (OnlineRecord | undefined)[]>;
  readonly now: () => number;
  /** Another sample for each. */
  readonly newSeed: () => string;
}

const pageSize = 500;

const sampleSql = 'SELECT id FROM customers WHERE tenant_id = $1 AND projected_version > 0 ORDER BY md5(id || $2) LIMIT $3';
const settledSql = `
  SELECT id, version FROM customers WHERE tenant_id = $1 AND id = ANY($2) AND projected_version >= version AND (due_at IS NULL OR due_at > $3)
    AND rules_version >= (SELECT attune_rules_version($1))`;

/** Compares what readers see with a recount from the log at the same moment. */
export class PostgresParities implements Parities {
  readonly #deps: ParityDeps;

  constructor(deps: ParityDeps) {
    this.#deps = deps;
  }

  async check(tenantId: string, sample: number, names: readonly string[] | undefined): Promise<Parity> {
    const { pool, live, newSeed } = this.#deps;
    const plan = planOf(await live(tenantId));
    const compared = comparedBy(plan, names);
    const { rows } = await answered(pool.query<{ id: string }>(sampleSql, [tenantId, newSeed(), sample]));
    const skew = new SkewCount(compared);
    let customers = 0;
    for (let from = 0; from < rows.length; from += pageSize) {
      customers += await this.#comparePage(tenantId, rows.slice(from, from + pageSize).map(it => it.id), { plan, compared, skew });
    }
    return { customers, unsettled: rows.length - customers, features: skew.features };
  }

  /** Returns how many could be compared: who has changed after the record was made is not told from who has skew. */
  async #comparePage(tenantId: string, ids: readonly string[], { plan, compared, skew }: { readonly plan: Plan; readonly compared: readonly string[]; readonly skew: SkewCount }): Promise<number> {
    const records = new Map((await this.#deps.read(tenantId, ids)).flatMap(it => (it === undefined ? [] : [[it.customerId, it] as const])));
    return answered(inTransaction(this.#deps.pool, async client => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const now = this.#deps.now();
      const { rows } = await client.query<{ id: string; version: string }>(settledSql, [tenantId, ids, new Date(now)]);
      const settled = rows.filter(({ id, version }) => records.get(id)?.version === Number(version)).map(it => it.id);
      const stored = await readStored(client, tenantId, settled);
      const computed = await compute(client, tenantId, { plan, customerIds: settled, now }, stored);
      for (const id of settled) for (const name of compared) skew.compare(name, valueIn(records.get(id), name), computed.get(id)?.values.get(name));
      return settled.length;
    }));
  }
}

function comparedBy({ computed }: Plan, names: readonly string[] | undefined): readonly string[] {
  const all = computed.map(it => it.name).filter(it => !it.startsWith(behaviourPrefix));
  const unknown = names?.findIndex(it => !all.includes(it)) ?? -1;
  if (unknown >= 0) throw new InvalidInput('There is no such feature that is computed here', { details: { path: `/names/${unknown}` } });
  return names ?? all;
}

function valueIn(record: OnlineRecord | undefined, name: string): FeatureValue | undefined {
  return record !== undefined && Object.hasOwn(record.features, name) ? record.features[name]?.value : undefined;
}
