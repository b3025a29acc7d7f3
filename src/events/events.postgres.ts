import type { Pool, PoolClient } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';
import type { Appended, CustomerEvent, EventLog } from './event.js';

/** Brings what is computed from the log up to date within the transaction that writes it; the customers are held. Returns those whose values changed. */
export type Follow = (client: PoolClient, customerIds: readonly string[], now: number) => Promise<readonly string[]>;

/** What has to follow events of these types; read before the transaction begins. */
export type PlanFollow = (tenantId: string, types: ReadonlySet<string>) => Promise<Follow>;

/** Properties come as one text, a line each: JSON holds no line break, and an array of texts would have each quote escaped. */
const appendSql = `
  WITH given AS (
    SELECT DISTINCT ON (id) * FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], string_to_array($6, E'\\n'))
      WITH ORDINALITY AS it(id, at, customer_id, type, properties, place) ORDER BY id, place
  ), fresh AS (
    INSERT INTO event_ids (tenant_id, id, at) SELECT $1, id, at FROM given ORDER BY id ON CONFLICT DO NOTHING RETURNING id
  )
  INSERT INTO events (tenant_id, id, at, received_at, customer_id, type, properties)
  SELECT $1, id, at, $7, customer_id, type, properties::jsonb FROM given JOIN fresh USING (id)
  RETURNING id, customer_id AS "customerId"`;
const lockSql = 'SELECT attune_lock_customers($1, $2, $3) AS id';

export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  readonly #plan: PlanFollow;
  /** Whose partitions are there. */
  readonly #days = new Set<string>();

  constructor(pool: Pool, plan: PlanFollow) {
    this.#pool = pool;
    this.#plan = plan;
  }

  async append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended> {
    const [follow] = await Promise.all([this.#plan(tenantId, new Set(events.map(it => it.type))), answered(this.#makePartitions(events))]);
    return answered(inTransaction(this.#pool, async client => {
      const { rows } = await client.query<{ id: string; customerId: string }>(appendSql, [
        tenantId,
        events.map(it => it.id),
        events.map(it => new Date(it.at)),
        events.map(it => it.customerId),
        events.map(it => it.type),
        events.map(it => JSON.stringify(it.properties)).join('\n'),
        new Date(receivedAt),
      ]);
      if (rows.length === 0) return { fresh: new Set(), changedCustomers: [] };
      const customerIds = [...new Set(rows.map(it => it.customerId))];
      // Only who holds the customers sees all that others have committed of them.
      const { rows: made } = await client.query<{ id: string }>(lockSql, [tenantId, customerIds, new Date(receivedAt)]);
      const changed = await follow(client, customerIds, receivedAt);
      return { fresh: new Set(rows.map(it => it.id)), changedCustomers: [...new Set([...made.map(it => it.id), ...changed])] };
    }));
  }

  async #makePartitions(events: readonly CustomerEvent[]): Promise<void> {
    const days = [...new Set(events.map(({ at }) => new Date(at).toISOString().slice(0, 10)))].filter(it => !this.#days.has(it)).sort();
    for (const day of days) {
      await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['events', day]);
      this.#days.add(day);
    }
  }
}
