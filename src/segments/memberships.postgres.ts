import type { Pool, PoolClient } from 'pg';
import type { Clock } from '../kernel/clock.js';
import { answered, inTransaction } from '../platform/postgres.js';
import type { VersionedMember } from './member-sets.js';
import type { KeptMembership, Listed, ListEntry, Memberships, MembersPage } from './memberships.js';

/** The customers by the ids that they have now. */
const askedSql = `
  SELECT DISTINCT ON (id) COALESCE(a.customer_id, it.id) AS id, it.expires_at
  FROM unnest($3::text[], $4::timestamptz[]) WITH ORDINALITY AS it(id, expires_at, place)
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = it.id
  ORDER BY id, place DESC`;
const addSql = `
  WITH asked AS (${askedSql}), known AS (
    SELECT c.id, asked.expires_at FROM asked JOIN customers c ON c.tenant_id = $1 AND c.id = asked.id
  ), listed AS (
    INSERT INTO segment_members AS m (tenant_id, segment_id, customer_id, since, expires_at)
    SELECT $1, $2, id, $5, expires_at FROM known ORDER BY id
    ON CONFLICT (tenant_id, segment_id, customer_id) DO UPDATE SET expires_at = EXCLUDED.expires_at WHERE m.expires_at IS DISTINCT FROM EXCLUDED.expires_at
    RETURNING customer_id AS id, xmax = 0 AS entered
  )
  SELECT known.id, listed.entered FROM known LEFT JOIN listed USING (id) ORDER BY known.id`;
const removeSql = `
  DELETE FROM segment_members WHERE tenant_id = $1 AND segment_id = $2 AND customer_id IN (
    SELECT COALESCE(a.customer_id, it) FROM unnest($3::text[]) AS it LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = it
  ) RETURNING customer_id AS id`;
const lockSql = `
  SELECT FROM customers WHERE tenant_id = $1 AND id IN (
    SELECT COALESCE(a.customer_id, it) FROM unnest($2::text[]) AS it LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = it
  ) ORDER BY id FOR UPDATE`;
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
const ofSql = `
  SELECT segment_id AS "segmentId", since, expires_at AS "expiresAt" FROM segment_members
  WHERE tenant_id = $1 AND customer_id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2), $2)`;
const countSql = `
  SELECT segment_id AS id, sum(members) AS count FROM segment_counts WHERE tenant_id = $1 AND segment_id = ANY($2) GROUP BY 1 HAVING sum(members) > 0`;
/** Two who do it at once add up what each has taken away, and nothing twice. */
const sumUpSql = `
  WITH gone AS (
    DELETE FROM segment_counts c USING (SELECT tenant_id, segment_id FROM segment_counts GROUP BY 1, 2 HAVING count(*) > 100) AS many
    WHERE c.tenant_id = many.tenant_id AND c.segment_id = many.segment_id RETURNING c.*
  )
  INSERT INTO segment_counts (tenant_id, segment_id, members) SELECT tenant_id, segment_id, sum(members) FROM gone GROUP BY 1, 2`;
const versionedSql = `
  SELECT m.customer_id AS "customerId", c.version::float8 AS version FROM segment_members m JOIN customers c ON c.tenant_id = m.tenant_id AND c.id = m.customer_id
  WHERE m.tenant_id = $1 AND m.segment_id = $2 AND ($3::text IS NULL OR m.customer_id > $3) ORDER BY m.customer_id LIMIT $4`;
const collationSql = "SELECT datcollate IN ('C', 'POSIX') AS \"isByBytes\" FROM pg_database WHERE datname = current_database()";
const customersSql = 'SELECT id FROM customers WHERE tenant_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3';

const versionedAtOnce = 5000;

export class PostgresMemberships implements Memberships {
  readonly #pool: Pool;
  readonly #clock: Clock;

  constructor(pool: Pool, clock: Clock) {
    this.#pool = pool;
    this.#clock = clock;
  }

  async add(tenantId: string, segmentId: string, entries: readonly ListEntry[]): Promise<Listed> {
    const ids = entries.map(it => it.customerId);
    const times = entries.map(({ expiresAt }) => (expiresAt === undefined ? null : new Date(expiresAt)));
    return this.#change(tenantId, segmentId, ids, async (client, now) => {
      const { rows } = await client.query<{ id: string; entered: boolean | null }>(addSql, [tenantId, segmentId, ids, times, now]);
      const [entered, kept] = [true, false].map(it => rows.filter(row => row.entered === it).map(row => row.id));
      return { entered: entered ?? [], kept: kept ?? [], known: rows.length };
    });
  }

  async remove(tenantId: string, segmentId: string, customerIds: readonly string[]): Promise<readonly string[]> {
    const { entered: left } = await this.#change(tenantId, segmentId, customerIds, async client => {
      const { rows } = await client.query<{ id: string }>(removeSql, [tenantId, segmentId, customerIds]);
      return { entered: rows.map(it => it.id).sort(), kept: [], known: rows.length };
    });
    return left;
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

  async of(tenantId: string, customerId: string): Promise<readonly KeptMembership[]> {
    const { rows } = await answered(this.#pool.query<{ segmentId: string; since: Date; expiresAt: Date | null }>(ofSql, [tenantId, customerId]));
    return rows.map(({ segmentId, since, expiresAt }) => ({ segmentId, since: since.getTime(), expiresAt: expiresAt?.getTime() }));
  }

  async countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await answered(this.#pool.query<{ id: string; count: string }>(countSql, [tenantId, segmentIds]));
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  /** Puts many small changes of counts together, so that counts stay cheap to read. */
  async sumUpCounts(): Promise<void> {
    await answered(this.#pool.query(sumUpSql));
  }

  /** Members with the versions that their customers have, by pages. */
  async *versioned(tenantId: string, segmentId: string): AsyncIterable<readonly VersionedMember[]> {
    for (let after: string | undefined; ; ) {
      const { rows } = await answered(this.#pool.query<VersionedMember>(versionedSql, [tenantId, segmentId, after ?? null, versionedAtOnce]));
      yield rows;
      if (rows.length < versionedAtOnce) return;
      after = rows.at(-1)?.customerId;
    }
  }

  /** Whether the database orders ids by their bytes. */
  async ordersByBytes(): Promise<boolean> {
    const { rows: [row] } = await answered(this.#pool.query<{ isByBytes: boolean }>(collationSql));
    return row?.isByBytes === true;
  }

  async customerIds(tenantId: string, { first, after }: Omit<MembersPage, 'segmentId'>): Promise<readonly string[]> {
    const { rows } = await answered(this.#pool.query<{ id: string }>(customersSql, [tenantId, after ?? null, first]));
    return rows.map(it => it.id);
  }

  #change(tenantId: string, segmentId: string, customerIds: readonly string[], change: (client: PoolClient, now: Date) => Promise<Listed>): Promise<Listed> {
    const now = new Date(this.#clock.now());
    return answered(inTransaction(this.#pool, async client => {
      await client.query(lockSql, [tenantId, customerIds]);
      const listed = await change(client, now);
      const { entered: moved, kept } = listed;
      const names = [...moved.map(() => `SEGMENT ${segmentId}`), ...kept.map(() => null)];
      if (names.length > 0) await client.query(changeSql, [tenantId, [...moved, ...kept], names, now]);
      return listed;
    }));
  }
}
