import type { Pool } from 'pg';
import { DependencyUnavailable, Overloaded } from '../kernel/errors.js';
import { isUuidv7, timeOfUuidv7 } from '../kernel/ids.js';
import type { HashIds } from '../platform/tombstones.js';
import type { DecisionLog } from './decision-log.js';
import { decodeBody, encodeBody, type DecisionRecord } from './decision-record.js';
import type { DecisionLevel, DecisionRequest } from './decision.js';

export interface DecisionLogOptions {
  /** Records that may wait for the database. */
  readonly capacity: number;
  /** How long a caller waits for room, in milliseconds. */
  readonly patienceMs: number;
  readonly hashing: HashIds;
  readonly onFailure: (error: unknown) => void;
}

/** A record is taken at most this long before its insert begins, while inserts keep up. */
const lingerMs = 20;
const batchSize = 1000;
const retryMs = { first: 50, most: 2000 };

/** Of the ten columns, text unless it says otherwise. */
const casts = ['', '::uuid[]', '::float8[]', '', '', '', '::float8[]', '', '::bigint[]', ''] as const;
const appendSql = `SELECT attune_append_decisions(${[...casts, ''].map((cast, i) => `string_to_array($${i + 1}, E'\\n')${cast}`).join(', ')}, $12)`;
/** SQLSTATE of our own: see the function. */
const hashesNeeded = 'AT001';
const dayMs = 86_400_000;

/** A record on its way: as text, since thousands of them wait while the database is slow, and objects would keep the garbage collector busy. */
interface Line extends Pick<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'> {
  readonly tenantId: string;
  /** Empty for none. */
  readonly itemId: string;
  readonly propensity: number;
  readonly level: DecisionLevel;
  readonly snapshotVersion: number;
  readonly body: string;
}

function lineOf(record: DecisionRecord): Line {
  const { request: { id, customerId, placementId, decidedAt }, answer, tenantId, snapshotVersion } = record;
  return {
    tenantId, id, customerId, placementId, decidedAt, snapshotVersion,
    itemId: answer.selectedItemId ?? '', propensity: answer.propensity, level: answer.level, body: inOnePiece(encodeBody(record)),
  };
}

/** A text that was added up is a tree of its parts, which the garbage collector would copy again and again until it is written. */
function inOnePiece(text: string): string {
  Buffer.byteLength(text); // has to put it together, and is the cheapest that does
  return text;
}

function recordOf({ tenantId, id, customerId, placementId, decidedAt, snapshotVersion, body }: Line): DecisionRecord {
  return decodeBody({ tenantId, id, customerId, placementId, decidedAt, snapshotVersion }, body);
}

interface Row {
  readonly id: string;
  readonly decided_at: Date;
  readonly customer_id: string;
  readonly placement_id: string;
  readonly level: DecisionLevel;
  readonly snapshot_version: string;
  readonly record: string;
}

export class PostgresDecisionLog implements DecisionLog {
  readonly #pool: Pool;
  readonly #options: DecisionLogOptions;
  readonly #queue: Line[] = [];
  #inFlight: readonly Line[] = [];
  /** Room that callers have been given and not filled yet. */
  #promised = 0;
  readonly #waiting = new Set<() => void>();
  /** Days since the epoch whose partition is there. */
  readonly #days = new Set<number>();
  /** Tenants of whose customers some have been erased: their ids go with their hashes. */
  readonly #withErased = new Set<string>();
  #writing: Promise<void> | undefined;
  #hurry: (() => void) | undefined;
  #closed = false;

  constructor(pool: Pool, options: DecisionLogOptions) {
    this.#pool = pool;
    this.#options = options;
  }

  /** Records that are not committed yet. */
  get depth(): number {
    return this.#queue.length + this.#inFlight.length;
  }

  async append(records: readonly DecisionRecord[]): Promise<void> {
    if (!this.#hasRoom(records.length)) {
      await this.#room(records.length);
      this.#promised -= records.length;
    }
    for (const record of records) this.#queue.push(lineOf(record));
    this.#writing ??= this.#write();
  }

  async find(tenantId: string, ids: readonly string[]): Promise<readonly DecisionRecord[]> {
    const wanted = new Set(ids);
    const pending = [...this.#inFlight, ...this.#queue].filter(it => it.tenantId === tenantId && wanted.has(it.id)).map(recordOf);
    for (const { request } of pending) wanted.delete(request.id);
    const stored = [...wanted].filter(isUuidv7);
    return stored.length === 0 ? pending : [...pending, ...(await this.#select(tenantId, stored))];
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) {
      this.#hurry?.();
      await this.#writing;
    }
  }

  /** Gives up on what a dead database does not take within the time; tells how many records that were. */
  async close(withinMs: number): Promise<number> {
    await Promise.race([this.flush(), new Promise(resolve => setTimeout(resolve, withinMs).unref())]);
    this.#closed = true;
    this.#hurry?.();
    return this.depth;
  }

  #hasRoom(count: number): boolean {
    return this.depth + this.#promised + count <= this.#options.capacity;
  }

  #room(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!this.#hasRoom(count)) return;
        this.#promised += count;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Overloaded('The decision log is full because the database does not take it; try again shortly.'));
      }, this.#options.patienceMs);
      this.#waiting.add(look);
    });
  }

  async #write(): Promise<void> {
    let pauseMs = lingerMs;
    let isAgain = false;
    while (!this.#closed) {
      await this.#pause(pauseMs);
      if (this.#inFlight.length === 0) this.#inFlight = this.#queue.splice(0, batchSize);
      try {
        await this.#insert(this.#inFlight, isAgain);
        this.#inFlight = [];
        isAgain = false;
        for (const look of [...this.#waiting]) look();
        if (this.#queue.length === 0) break;
        pauseMs = this.#queue.length >= batchSize ? 0 : lingerMs;
      } catch (error) {
        isAgain = true;
        if (pauseMs <= lingerMs) this.#options.onFailure(error);
        pauseMs = Math.min(retryMs.most, Math.max(retryMs.first, pauseMs * 2));
      }
    }
    this.#writing = undefined;
  }

  #pause(ms: number): Promise<void> {
    if (ms === 0) return Promise.resolve();
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * Each column goes as one text, a line a record: none of them can hold a line break, and an array of texts would have each quote escaped.
   * @param isAgain whether some may have been written by an attempt that was not answered; to look for them costs a fifth of the insert
   */
  async #insert(lines: readonly Line[], isAgain: boolean): Promise<void> {
    await this.#makePartitions(lines);
    try {
      await this.#append(lines, isAgain);
    } catch (error) {
      if ((error as { readonly code?: unknown }).code !== hashesNeeded) throw error;
      for (const { tenantId } of lines) this.#withErased.add(tenantId);
      await this.#append(lines, isAgain);
    }
  }

  async #append(lines: readonly Line[], isAgain: boolean): Promise<void> {
    const column = (of: (line: Line) => string | number): string => lines.map(of).join('\n');
    await this.#pool.query({
      name: 'decision-log-append',
      text: appendSql,
      values: [
        column(it => it.tenantId),
        column(it => it.id),
        column(it => it.decidedAt),
        column(it => it.customerId),
        column(it => it.placementId),
        column(it => it.itemId),
        column(it => it.propensity),
        column(it => it.level),
        column(it => it.snapshotVersion),
        column(it => it.body),
        await this.#hashesOf(lines),
        isAgain,
      ],
    });
  }

  /** Null where nobody has been erased. */
  async #hashesOf(lines: readonly Line[]): Promise<string | null> {
    const tenants = [...new Set(lines.map(it => it.tenantId))].filter(it => this.#withErased.has(it));
    if (tenants.length === 0) return null;
    const hashOf = new Map(await Promise.all(tenants.map(async it => [it, await this.#options.hashing(it)] as const)));
    return lines.map(({ tenantId, customerId }) => hashOf.get(tenantId)?.(customerId) ?? '').join('\n');
  }

  async #makePartitions(lines: readonly Line[]): Promise<void> {
    for (const day of new Set(lines.map(it => Math.floor(it.decidedAt / dayMs)))) {
      if (this.#days.has(day)) continue;
      await this.#pool.query('SELECT attune_ensure_day($1, $2::date)', ['decisions', new Date(day * dayMs).toISOString().slice(0, 10)]);
      this.#days.add(day);
    }
  }

  async #select(tenantId: string, ids: readonly string[]): Promise<readonly DecisionRecord[]> {
    const result = await this.#pool
      .query<Row>({
        name: 'decision-log-find',
        text: `SELECT d.id, d.decided_at, customer_id, placement_id, level, snapshot_version, record
               FROM unnest($2::uuid[], $3::timestamptz[]) AS wanted(id, at)
               JOIN decisions d ON d.tenant_id = $1 AND d.id = wanted.id AND d.decided_at = wanted.at`,
        values: [tenantId, ids, ids.map(id => new Date(timeOfUuidv7(id)))],
      })
      .catch((cause: unknown) => {
        throw new DependencyUnavailable('The database did not answer', { cause });
      });
    return result.rows.map(row =>
      decodeBody(
        {
          tenantId,
          id: row.id,
          customerId: row.customer_id,
          placementId: row.placement_id,
          decidedAt: row.decided_at.getTime(),
          snapshotVersion: Number(row.snapshot_version),
        },
        row.record,
      ),
    );
  }
}

