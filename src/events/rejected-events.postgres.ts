import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';
import { id } from '../tenants/body.schema.js';
import { erasedAmong, type HashIds } from '../platform/tombstones.js';
import { levelsOf, mostLevels } from './event.schema.js';
import type { RejectedEvent, RejectedEvents, RejectedFilter, Rejection } from './rejected-events.js';

const mostKept = 10_000;
const longestBody = 40_000;

const keepSql = `
  INSERT INTO rejected_events (tenant_id, hash, received_at, event_id, customer_id, type, pointer, expected, got, body)
  SELECT $1, decode(hash, 'hex'), $2, event_id, customer_id, type, pointer, expected, got, body
  FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[])
    WITH ORDINALITY AS it(hash, event_id, customer_id, type, pointer, expected, got, body, place) ORDER BY place
  ON CONFLICT (tenant_id, hash) DO UPDATE SET pointer = excluded.pointer, expected = excluded.expected, got = excluded.got`;
const trimSql = `
  DELETE FROM rejected_events WHERE tenant_id = $1 AND seq <= (SELECT seq FROM rejected_events WHERE tenant_id = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1)`;
const listSql = `
  SELECT seq::float8 AS seq, received_at AS "receivedAt", event_id AS "eventId", customer_id AS "customerId", type, pointer, expected, got, body
  FROM rejected_events
  WHERE tenant_id = $1 AND seq > $2 AND ($3::text IS NULL OR type = $3) AND ($4::text[] IS NULL OR event_id = ANY($4)) ORDER BY seq LIMIT $5`;

interface Kept {
  readonly hash: string;
  readonly eventId: string | null;
  readonly customerId: string | null;
  readonly type: string | null;
  readonly pointer: string;
  readonly expected: string;
  readonly got: string;
  readonly body: string;
}

export class PostgresRejectedEvents implements RejectedEvents {
  readonly #pool: Pool;
  readonly #hashing: HashIds;

  constructor(pool: Pool, hashing: HashIds) {
    this.#pool = pool;
    this.#hashing = hashing;
  }

  async keep(tenantId: string, rejections: readonly Rejection[], receivedAt: number): Promise<void> {
    const kept = [...new Map(rejections.flatMap(it => keptOf(it, receivedAt) ?? []).map(it => [it.hash, it])).values()];
    if (kept.length === 0) return;
    const hashOf = await this.#hashing(tenantId);
    await answered(inTransaction(this.#pool, async client => {
      const hashes = kept.map(it => (it.customerId === null ? '' : hashOf(it.customerId)));
      const erased = await erasedAmong(client, tenantId, hashes);
      const taken = kept.filter((_, i) => !erased.has(hashes[i] ?? ''));
      const column = (of: keyof Kept): readonly (string | null)[] => taken.map(it => it[of]);
      await client.query(keepSql, [
        tenantId, new Date(receivedAt), column('hash'), column('eventId'), column('customerId'), column('type'), column('pointer'), column('expected'), column('got'), column('body'),
      ]);
      await client.query(trimSql, [tenantId, mostKept]);
    }));
  }

  async list(tenantId: string, { type, eventIds }: RejectedFilter, { first, after }: { readonly first: number; readonly after?: number | undefined }): Promise<readonly RejectedEvent[]> {
    const clean = (it: string): boolean => id.safeParse(it).success;
    if (type !== undefined && !clean(type)) return [];
    return (await answered(this.#pool.query<RejectedEvent>(listSql, [tenantId, after ?? 0, type ?? null, eventIds?.filter(clean) ?? null, first]))).rows;
  }

  async remove(tenantId: string, seqs: readonly number[]): Promise<void> {
    await answered(this.#pool.query('DELETE FROM rejected_events WHERE tenant_id = $1 AND seq = ANY($2)', [tenantId, seqs]));
  }
}

function keptOf({ input, fault: { pointer, expected, got } }: Rejection, receivedAt: number): Kept | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input) || levelsOf(input, mostLevels + 2) > mostLevels + 2) return undefined;
  const sent = input as Readonly<Record<string, unknown>>;
  // Sent again, it may name another time, or one for the first time, and is the same event.
  const { at, ...rest } = sent;
  const text = JSON.stringify(rest);
  if (text.length > longestBody) return undefined;
  const body = JSON.stringify({ ...sent, at: at ?? new Date(receivedAt).toISOString() });
  const read = (name: string): string | null => id.safeParse(sent[name]).data ?? null;
  return {
    hash: createHash('sha256').update(text).digest('hex'), eventId: read('id'), customerId: read('customerId'), type: read('type'),
    pointer: pointer.replaceAll(/[\0\p{Cs}]/gu, '\ufffd'), expected, got, body,
  };
}
