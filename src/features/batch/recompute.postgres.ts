import type { Pool, PoolClient, QueryConfig } from 'pg';
import { Conflict } from '../../kernel/errors.js';
import { answered, inTransaction } from '../../platform/postgres.js';
import type { AggregateRow } from '../aggregate-values.js';
import type { FeatureDefinition } from '../feature.js';
import { computedOf, keep, parametersOf, planOf, readStored, textOfAll, type Plan } from '../recount.postgres.js';
import { patienceMs, type Recompute, type Recomputes } from './recompute.js';

export interface RecomputeDeps {
  readonly pool: Pool;
  /** The tenant's definitions, hidden ones included. */
  readonly live: (tenantId: string) => Promise<readonly FeatureDefinition[]>;
  /** Lets everything else follow the customers; never rejects. */
  readonly changed: (tenantId: string, customerIds: readonly string[]) => Promise<void>;
  readonly now: () => number;
  readonly newId: () => string;
  readonly onFailure: (error: unknown) => void;
}

const pageSize = 1000;
/** Reading the whole log takes its time. */
const stagingTimeoutMs = 3_600_000;

const startSql = `
  INSERT INTO recomputes (tenant_id, id, started_at, progressed_at) SELECT $1, $2, $3, $3
  WHERE NOT EXISTS (SELECT FROM recomputes WHERE tenant_id = $1 AND finished_at IS NULL AND progressed_at > $4)
  RETURNING id`;
const findSql = `
  SELECT id, total, done, changed, started_at AS "startedAt", finished_at AS "finishedAt", failure,
    CASE WHEN finished_at IS NULL AND progressed_at > $3 THEN 'RUNNING' WHEN finished_at IS NULL OR failure IS NOT NULL THEN 'FAILED' ELSE 'DONE' END AS state
  FROM recomputes WHERE tenant_id = $1 AND id = $2`;
const progressSql = 'UPDATE recomputes SET total = $3, done = $4, changed = $5, progressed_at = $6 WHERE tenant_id = $1 AND id = $2';
const finishSql = 'UPDATE recomputes SET finished_at = $3, failure = $4 WHERE tenant_id = $1 AND id = $2';

const customersSql = `
  CREATE TEMP TABLE staged_customers AS SELECT id, version, (SELECT attune_rules_version($1)) AS rules FROM customers WHERE tenant_id = $1`;
const pageSql = 'SELECT id, version, rules FROM staged_customers WHERE $1::text IS NULL OR id > $1 ORDER BY id LIMIT $2';

/** Who has changed since has been counted since, or will be. */
const holdSql = `
  SELECT c.id, (SELECT attune_rules_version($1)) AS rules FROM customers c JOIN unnest($2::text[], $3::bigint[]) AS it(id, version) ON c.id = it.id AND c.version = it.version
  WHERE c.tenant_id = $1 ORDER BY c.id FOR UPDATE OF c`;

type StagedRow = AggregateRow & { readonly customer_id: string };

interface StagedCustomer {
  readonly id: string;
  readonly version: string;
  readonly rules: string;
}

interface Job {
  readonly tenantId: string;
  readonly id: string;
  readonly plan: Plan;
  /** Epoch milliseconds that everything is counted for. */
  readonly now: number;
}

/** Counts everything in one reading of the log, as of one moment, then writes what differs, page by page. */
export class PostgresRecomputes implements Recomputes {
  readonly #deps: RecomputeDeps;
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  constructor(deps: RecomputeDeps) {
    this.#deps = deps;
  }

  async start(tenantId: string): Promise<Recompute> {
    const { pool, live, now, newId } = this.#deps;
    const at = now();
    const job: Job = { tenantId, id: newId(), plan: planOf(await live(tenantId)), now: at };
    const { rowCount } = await answered(inTransaction(pool, async client => {
      await client.query(`SELECT pg_advisory_xact_lock(hashtext('attune recompute ' || $1))`, [tenantId]);
      return client.query(startSql, [tenantId, job.id, new Date(at), new Date(at - patienceMs)]);
    }));
    if (rowCount === 0) throw new Conflict('All customers are being recounted already');
    const run = this.#run(job).finally(() => this.#running.delete(run));
    this.#running.add(run);
    return { id: job.id, state: 'RUNNING', total: 0, done: 0, changed: 0, startedAt: new Date(at), finishedAt: undefined, failure: undefined };
  }

  async find(tenantId: string, id: string): Promise<Recompute | undefined> {
    const { rows: [row] } = await answered(this.#deps.pool.query<Recompute>(findSql, [tenantId, id, new Date(this.#deps.now() - patienceMs)]));
    return row;
  }

  /** Resolves when nothing is under way: what is not done by then is left. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #run(job: Job): Promise<void> {
    const { pool, now, onFailure } = this.#deps;
    const failure = await this.#staged(job).catch((error: unknown) => {
      onFailure(error);
      return 'Something unforeseen happened; the log says what.';
    });
    await pool.query(finishSql, [job.tenantId, job.id, new Date(now()), failure ?? null]).catch(onFailure);
  }

  /** Returns why it could not go on to the end. */
  async #staged(job: Job): Promise<string | undefined> {
    const client = await this.#deps.pool.connect();
    client.on('error', this.#deps.onFailure);
    try {
      return await this.#writeAll(job, client, await stage(client, job));
    } finally {
      client.release(true); // closes the connection: what was staged goes with it
    }
  }

  async #writeAll(job: Job, staging: PoolClient, total: number): Promise<string | undefined> {
    const { changed, now, pool } = this.#deps;
    const { tenantId, id } = job;
    let [done, different, last] = [0, 0, null as string | null];
    let following = Promise.resolve();
    for (;;) {
      await pool.query(progressSql, [tenantId, id, total, done, different, new Date(now())]);
      const { rows: page } = await staging.query<StagedCustomer>(pageSql, [last, pageSize]);
      last = page.at(-1)?.id ?? null;
      if (last === null) break;
      if (this.#stopped) return 'The server was stopped.';
      const ids = await this.#write(job, page, await stagedRows(staging, job, page));
      if (ids === undefined) return 'The definitions have changed meanwhile; start anew.';
      done += page.length;
      different += ids.length;
      // Readers follow while the next page is written, one page behind at most.
      await following;
      following = changed(tenantId, ids);
    }
    await following;
    return undefined;
  }

  /** Returns those who changed; undefined, having done nothing, where the definitions have. */
  #write({ tenantId, plan, now }: Job, page: readonly StagedCustomer[], rows: readonly ReadonlyMap<string, AggregateRow>[]): Promise<readonly string[] | undefined> {
    return answered(inTransaction(this.#deps.pool, async client => {
      const { rows: held } = await client.query<{ id: string; rules: string }>(holdSql, [tenantId, page.map(it => it.id), page.map(it => it.version)]);
      if (held.some(it => it.rules !== page[0]?.rules)) return undefined;
      const stored = await readStored(client, tenantId, held.map(it => it.id));
      const computed = new Map(held.map(({ id }) => [id, computedOf(plan, rows.map(it => it.get(id)), stored.get(id) ?? {}, now)]));
      return keep(client, tenantId, { plan, stored, computed, now });
    }));
  }
}

/** Customers and what the log gives for them, as of one moment, in tables of this connection's own. Returns how many customers there are. */
async function stage(client: PoolClient, { tenantId, plan, now }: Job): Promise<number> {
  await client.query(`SET statement_timeout = ${stagingTimeoutMs}`);
  await client.query(`SET work_mem = '128MB'`);
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
  const { rowCount } = await client.query(patient(customersSql, [tenantId]));
  await client.query(patient('CREATE UNIQUE INDEX ON staged_customers (id)'));
  for (const [i, statement] of plan.statements.entries()) {
    await client.query(patient(`CREATE TEMP TABLE staged_${i} AS ${textOfAll(statement)}`, parametersOf(statement, tenantId, null, now)));
    await client.query(patient(`CREATE UNIQUE INDEX ON staged_${i} (customer_id)`));
  }
  await client.query('COMMIT');
  return rowCount ?? 0;
}

/** The driver, too, waits for as long as the server may take. */
const patient = (text: string, values: unknown[] = []): QueryConfig & { readonly query_timeout: number } => ({ text, values, query_timeout: stagingTimeoutMs });

async function stagedRows(client: PoolClient, { plan }: Job, page: readonly StagedCustomer[]): Promise<readonly ReadonlyMap<string, AggregateRow>[]> {
  const all: ReadonlyMap<string, AggregateRow>[] = [];
  for (const i of plan.statements.keys()) {
    const { rows } = await client.query<StagedRow>(`SELECT * FROM staged_${i} WHERE customer_id = ANY($1)`, [page.map(it => it.id)]);
    all.push(new Map(rows.map(it => [it.customer_id, it])));
  }
  return all;
}
