import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { Memberships, MembersPage } from './memberships.js';

const addSql = `
  INSERT INTO segment_members (tenant_id, segment_id, customer_id, since)
  SELECT tenant_id, $2, id, now() FROM customers WHERE tenant_id = $1 AND id = ANY($3) ORDER BY id
  ON CONFLICT DO NOTHING RETURNING customer_id AS id`;
const removeSql = `
  DELETE FROM segment_members WHERE tenant_id = $1 AND segment_id = $2 AND customer_id = ANY($3) RETURNING customer_id AS id`;
const lockSql = 'SELECT FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

const membersSql = `
  SELECT page.place, member.customer_id AS id
  FROM unnest($2::text[], $3::text[], $4::int[]) WITH ORDINALITY AS page(segment_id, after, first, place)
  CROSS JOIN LATERAL (
    SELECT customer_id FROM segment_members
    WHERE tenant_id = $1 AND segment_id = page.segment_id AND (page.after IS NULL OR customer_id > page.after)
    ORDER BY customer_id LIMIT page.first
  ) AS member
  ORDER BY page.place, member.customer_id`;
const countSql = 'SELECT segment_id AS id, count(*) FROM segment_members WHERE tenant_id = $1 AND segment_id = ANY($2) GROUP BY 1';
const customersSql = 'SELECT id FROM customers WHERE tenant_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3';

export class PostgresMemberships implements Memberships {
  readonly #pool: Pool;
  readonly #clock: Clock;

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  add(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]> {
    return this.#change(addSql, tenantId, segmentId, customerIds);
  }

  remove(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]> {
    return this.#change(removeSql, tenantId, segmentId, customerIds);
  }

  async members(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[])[]> {
    const { rows } = await answered(this.#pool.query<{ place: string; id: string }>(membersSql, [
      tenantId,
      pages.map(it => it.segmentId),
      pages.map(it => it.after ?? null),
      pages.map(it => it.first),
    ]));
    const members = pages.map((): string[] => []);
    for (const { place, id } of rows) members[Number(place) - 1]?.push(id);
    return members;
  }

  async countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await answered(this.#pool.query<{ id: string; count: string }>(countSql, [tenantId, segmentIds]));
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  async customerIds(tenantId: string, { first, after }: Omit<MembersPage, 'segmentId'>): Promise<readonly string[]> {
    const { rows } = await answered(this.#pool.query<{ id: string }>(customersSql, [tenantId, after ?? null, first]));
    return rows.map(it => it.id);
  }

  #change(sql: string, tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]> {
    const now = new Date(this.#clock.now());
    return answered(inTransaction(this.#pool, async client => {
      await client.query(lockSql, [tenantId, customerIds]);
      const { rows } = await client.query<{ id: string }>(sql, [tenantId, segmentId, customerIds]);
      const ids = rows.map(it => it.id).sort();
      if (ids.length > 0) await client.query(changeSql, [tenantId, ids, ids.map(() => `SEGMENT ${segmentId}`), now]);
      return ids;
    }));
  }
}
