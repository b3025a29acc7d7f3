import type { Pool } from 'pg';
import { answered } from '../platform/postgres.js';
import type { Appended, CustomerEvent, EventLog } from './event.js';

/** Properties come as one text, a line each: JSON holds no line break, and an array of texts would have each quote escaped. */
const appendSql = 'SELECT event AS id, customer AS "customerId" FROM attune_append_events($1, $2, $3, $4, $5, $6, $7, $8)';

/** Makes what stands for an id of whom nothing may be kept. */
export type HashIds = (tenantId: string) => Promise<(id: string) => string>;

interface Row {
  readonly id: string;
  /** Null of whom nothing is taken. */
  readonly customerId: string | null;
}

/** SQLSTATE of our own: see the function. */
const hashesNeeded = 'AT001';

export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  readonly #hashing: HashIds;
  /** Tenants of whose customers some have been erased: their ids go with their hashes. */
  readonly #withErased = new Set<string>();
  /** Whose partitions are there. */
  readonly #days = new Set<string>();

  constructor(pool: Pool, hashing: HashIds) {
    this.#pool = pool;
    this.#hashing = hashing;
  }

  async append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended> {
    await answered(this.#makePartitions(events));
    const distinct = firstOfEach(events);
    const isHashed = this.#withErased.has(tenantId);
    const rows = await this.#append(tenantId, distinct, { receivedAt, isHashed }).catch((error: unknown) => {
      if (isHashed || (error as { readonly code?: unknown }).code !== hashesNeeded) throw error;
      this.#withErased.add(tenantId);
      return this.#append(tenantId, distinct, { receivedAt, isHashed: true });
    });
    const taken = rows.filter((row): row is Row & { readonly customerId: string } => row.customerId !== null);
    return {
      fresh: new Set(taken.map(it => it.id)),
      erased: new Set(rows.flatMap(it => (it.customerId === null ? [it.id] : []))),
      customerIds: [...new Set(taken.map(it => it.customerId))],
    };
  }

  async #append(tenantId: string, distinct: readonly CustomerEvent[], { receivedAt, isHashed }: { readonly receivedAt: number; readonly isHashed: boolean }): Promise<readonly Row[]> {
    const hashOf = isHashed ? await this.#hashing(tenantId) : undefined;
    const { rows } = await answered(this.#pool.query<Row>({
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
        hashOf === undefined ? [] : distinct.map(it => hashOf(it.customerId)),
      ],
    }));
    return rows;
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
