import type { Pool } from 'pg';
import { answered } from '../platform/postgres.js';
import type { Appended, CustomerEvent, EventLog } from './event.js';

/** Properties come as one text, a line each: JSON holds no line break, and an array of texts would have each quote escaped. */
const appendSql = 'SELECT event AS id, customer AS "customerId" FROM attune_append_events($1, $2, $3, $4, $5, $6, $7)';

export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  /** Whose partitions are there. */
  readonly #days = new Set<string>();

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended> {
    await answered(this.#makePartitions(events));
    const distinct = firstOfEach(events);
    const { rows } = await answered(this.#pool.query<{ id: string; customerId: string }>({
      name: 'append-events',
      text: appendSql,
      values: [
        tenantId,
        distinct.map(it => it.id),
        distinct.map(it => new Date(it.at)),
        distinct.map(it => it.customerId),
        distinct.map(it => it.type),
        distinct.map(it => JSON.stringify(it.properties)).join('\n'),
        new Date(receivedAt),
      ],
    }));
    return { fresh: new Set(rows.map(it => it.id)), customerIds: [...new Set(rows.map(it => it.customerId))] };
  }

  async #makePartitions(events: readonly CustomerEvent[]): Promise<void> {
    const days = [...new Set(events.map(({ at }) => new Date(at).toISOString().slice(0, 10)))].filter(it => !this.#days.has(it)).sort();
    for (const day of days) {
      await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['events', day]);
      this.#days.add(day);
    }
  }
}

/** In one order for everybody, so that nobody waits for each other's ids in a circle. */
function firstOfEach(events: readonly CustomerEvent[]): readonly CustomerEvent[] {
  const byId = new Map<string, CustomerEvent>();
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
