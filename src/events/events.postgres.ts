import type { Pool } from 'pg';
import { DependencyUnavailable } from '../kernel/errors.js';
import { answered } from '../platform/postgres.js';
import type { HashIds } from '../platform/tombstones.js';
import type { Appended, Counting, CustomerEvent, EventLog } from './event.js';

/**
 * Columns come as one text, a line each: neither ids nor JSON hold a line break, and an array of texts would have each quote escaped. Times come as
 * epoch milliseconds, which are read in a fraction of the time that dates take.
 */
const appendSql = `
  SELECT duplicates, erased, customers
  FROM attune_append_events($1, string_to_array($2, E'\\n'), ARRAY(SELECT to_timestamp(ms::float8 / 1000) FROM unnest(string_to_array($3, E'\\n')::bigint[]) AS ms), string_to_array($4, E'\\n'), string_to_array($5, E'\\n'), $6, $7, $8,
    string_to_array($9, E'\\n'), $10, $11)`;

interface Row {
  readonly duplicates: readonly string[];
  readonly erased: readonly string[];
  readonly customers: readonly string[];
}

/** SQLSTATE of our own: see the function. */
const hashesNeeded = 'AT001';

interface Call {
  readonly events: readonly CustomerEvent[];
  readonly receivedAt: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
}

interface Queue {
  readonly calls: Call[];
  running: number;
}

interface Appending {
  readonly receivedAt: number;
  readonly isHashed: boolean;
  readonly counting: Counting | undefined;
}

/** Transactions of one tenant. */
const atOnce = 3;
/** Events of one transaction, unless one call has more. */
const mostTogether = 2000;

const dayMs = 86_400_000;

/** Takes from the front of `calls` what goes together. */
function groupOf(calls: Call[]): readonly Call[] {
  let [count, size] = [0, 0];
  for (const { events } of calls) {
    if (count > 0 && size + events.length > mostTogether) break;
    count += 1;
    size += events.length;
  }
  return calls.splice(0, count);
}

export class PostgresEventLog implements EventLog {
  readonly #pool: Pool;
  readonly #hashing: HashIds;
  readonly #countingOf: (tenantId: string) => Promise<Counting>;
  /** Tenants of whose customers some have been erased: their ids go with their hashes. */
  readonly #withErased = new Set<string>();
  readonly #queues = new Map<string, Queue>();
  /** Whose partitions are there. */
  readonly #days = new Set<string>();

  constructor(pool: Pool, hashing: HashIds, countingOf: (tenantId: string) => Promise<Counting>) {
    this.#pool = pool;
    this.#hashing = hashing;
    this.#countingOf = countingOf;
  }

  /** Calls that come while the tenant's last transactions are under way are committed together. */
  append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended> {
    return new Promise((resolve, reject) => {
      const queue = this.#queues.get(tenantId) ?? { calls: [], running: 0 };
      this.#queues.set(tenantId, queue);
      queue.calls.push({ events, receivedAt, resolve, reject });
      if (queue.running < atOnce) void this.#drain(tenantId, queue);
    });
  }

  async #drain(tenantId: string, queue: Queue): Promise<void> {
    queue.running += 1;
    while (queue.calls.length > 0) {
      const group = groupOf(queue.calls);
      try {
        await this.#appendGroup(tenantId, group);
      } catch (error) {
        if (group.length === 1 || error instanceof DependencyUnavailable) for (const call of group) call.reject(error);
        // What one of them caused is not the others' fault.
        else for (const call of group) await this.#appendGroup(tenantId, [call]).catch(call.reject);
      }
    }
    queue.running -= 1;
    if (queue.running === 0 && queue.calls.length === 0) this.#queues.delete(tenantId);
  }

  async #appendGroup(tenantId: string, group: readonly Call[]): Promise<void> {
    const [first] = group;
    if (first === undefined) return;
    const appended = await this.#appendAll(tenantId, group.flatMap(it => it.events), Math.max(...group.map(it => it.receivedAt)));
    const fresh = new Set(appended.fresh);
    for (const { events, resolve } of group) {
      // Of several calls with one event the first has it.
      const own = new Set(events.flatMap(({ id }) => (fresh.delete(id) ? [id] : [])));
      resolve({ ...appended, fresh: own, customerIds: group.length === 1 || events === first.events ? appended.customerIds : [] });
    }
  }

  async #appendAll(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended> {
    await answered(this.#makePartitions(events));
    const distinct = firstOfEach(events);
    const isHashed = this.#withErased.has(tenantId);
    // Where it cannot be known, everything counts.
    const counting = await this.#countingOf(tenantId).catch(() => undefined);
    const { duplicates, erased, customers } = await this.#append(tenantId, distinct, { receivedAt, isHashed, counting }).catch((error: unknown) => {
      if (isHashed || (error as { readonly code?: unknown }).code !== hashesNeeded) throw error;
      this.#withErased.add(tenantId);
      return this.#append(tenantId, distinct, { receivedAt, isHashed: true, counting });
    });
    const fresh = new Set(distinct.map(it => it.id));
    for (const id of [...duplicates, ...erased]) fresh.delete(id);
    return { fresh, erased: new Set(erased), customerIds: customers };
  }

  async #append(tenantId: string, distinct: readonly CustomerEvent[], { receivedAt, isHashed, counting }: Appending): Promise<Row> {
    const hashOf = isHashed ? await this.#hashing(tenantId) : undefined;
    const { rows: [row] } = await answered(this.#pool.query<Row>({
      name: 'append-events',
      text: appendSql,
      values: [
        tenantId,
        distinct.map(it => it.id).join('\n'),
        distinct.map(it => it.at).join('\n'),
        distinct.map(it => it.customerId).join('\n'),
        distinct.map(it => it.type).join('\n'),
        distinct.map(it => JSON.stringify(it.properties)).join('\n'),
        new Date(receivedAt),
        hashOf === undefined ? [] : distinct.map(it => hashOf(it.customerId)),
        ...countedAmong(distinct, receivedAt, counting),
      ],
    }));
    if (row === undefined) throw new Error('attune_append_events gives one row');
    return row;
  }

  async #makePartitions(events: readonly CustomerEvent[]): Promise<void> {
    const numbers = new Set(events.map(({ at }) => Math.floor(at / dayMs)));
    const days = [...numbers].map(it => new Date(it * dayMs).toISOString().slice(0, 10)).filter(it => !this.#days.has(it)).sort();
    for (const day of days) {
      await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['events', day]);
      this.#days.add(day);
    }
  }
}

/** Customers with an event that counts, a line each, and how far that can be relied on; nulls where all count. */
function countedAmong(events: readonly CustomerEvent[], receivedAt: number, counting: Counting | undefined): readonly [string | null, number | null, Date | null] {
  if (counting === undefined || events.every(it => counting.counts(it.type))) return [null, null, null];
  const counted = new Set(events.flatMap(it => (counting.counts(it.type) ? [it.customerId] : [])));
  return [[...counted].join('\n'), counting.version, counting.restMs === undefined ? null : new Date(receivedAt - counting.restMs)];
}

/** In one order for everybody, so that nobody waits for each other's ids in a circle. */
function firstOfEach(events: readonly CustomerEvent[]): readonly CustomerEvent[] {
  const byId = new Map<string, CustomerEvent>();
  for (const event of events) if (!byId.has(event.id)) byId.set(event.id, event);
  return [...byId.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
}
