import type { Pool } from 'pg';
import { inTransaction } from '../platform/postgres.js';
import type { CustomerEvent, EventLog } from './event.js';

const appendSql = `
  WITH given AS (
    SELECT DISTINCT ON (id) * FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::text[], string_to_array($6, E'\\n'))
      AS it(id, at, customer_id, type, properties) ORDER BY id
  ), made AS (
    INSERT INTO customers (tenant_id, id) SELECT DISTINCT $1, customer_id FROM given ORDER BY 2 ON CONFLICT DO NOTHING
  ), fresh AS (
    INSERT INTO event_ids (tenant_id, id, at) SELECT $1, id, at FROM given ORDER BY id ON CONFLICT DO NOTHING RETURNING id
  )
  INSERT INTO events (tenant_id, id, at, received_at, customer_id, type, properties)
  SELECT $1, id, at, $7, customer_id, type, properties::jsonb FROM given JOIN fresh USING (id)
  RETURNING id`;

export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  readonly #days = new Set<string>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<ReadonlySet<string>> {
    await this.#makePartitions(events);
    return inTransaction(this.#pool, async client => {
      const { rows } = await client.query<{ id: string }>(appendSql, [
        tenantId,
        events.map(it => it.id),
        events.map(it => new Date(it.at)),
        events.map(it => it.customerId),
        events.map(it => it.type),
        events.map(it => JSON.stringify(it.properties)).join('\n'),
        new Date(receivedAt),
      ]);
      return new Set(rows.map(it => it.id));
    });
  }

  async #makePartitions(events: readonly CustomerEvent[]): Promise<void> {
    for (const day of new Set(events.map(({ at }) => new Date(at).toISOString().slice(0, 10)))) {
      if (this.#days.has(day)) continue;
      await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['events', day]);
      this.#days.add(day);
    }
  }
}
