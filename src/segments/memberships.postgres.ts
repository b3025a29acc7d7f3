import type { Pool, PoolClient } from 'pg';
import type { FeatureReading, FeatureValue, OnlineRecord } from '../customers/online-record.js';
import { inTransaction } from '../platform/postgres.js';
import type { CompiledSegments } from './compiled-segments.js';
import type { MembershipStore, Projected } from './memberships.js';

interface TruthRow {
  readonly id: string;
  readonly version: string;
  readonly attributes: Record<string, FeatureValue>;
  readonly features: Record<string, FeatureReading> | null;
  readonly segments: string[] | null;
}

const truthSql = `
  SELECT c.id, c.version, c.attributes,
    (SELECT jsonb_object_agg(name, jsonb_build_object('value', value, 'at', (extract(epoch FROM at) * 1000)::bigint))
     FROM customer_features f WHERE f.tenant_id = c.tenant_id AND f.customer_id = c.id) AS features,
    (SELECT array_agg(segment_id ORDER BY segment_id) FROM segment_members m WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.id) AS segments
  FROM customers c WHERE c.tenant_id = $1 AND c.id = ANY($2)`;

export class PostgresMembershipStore implements MembershipStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  project(tenantId: string, customerIds: readonly string[], { segments, now }: { readonly segments: CompiledSegments; readonly now: number }): Promise<readonly Projected[]> {
    return inTransaction(this.#pool, async client => {
      await client.query('SELECT FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE', [tenantId, customerIds]);
      const { rows } = await client.query<TruthRow>(truthSql, [tenantId, customerIds]);
      const dynamic = new Set(segments.dynamicIds);
      const projected = rows.map((row): Projected => {
        const before = row.segments ?? [];
        const truth = { attributes: row.attributes, features: row.features ?? {}, listed: before };
        const after = segments.membershipsOf(truth, now);
        const entered = after.filter(id => dynamic.has(id) && !before.includes(id));
        const left = before.filter(id => !after.includes(id));
        return { record: { ...recordOf(row), segments: after }, entered, left };
      });
      const moved = projected.filter(({ entered, left }) => entered.length + left.length > 0);
      if (moved.length === 0) return projected;
      await saveMoves(client, tenantId, moved);
      const changed = new Set(moved);
      return projected.map(it => (changed.has(it) ? { ...it, record: { ...it.record, version: it.record.version + 1 } } : it));
    });
  }

  async load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]> {
    const { rows } = await this.#pool.query<TruthRow>({ name: 'online-records', text: truthSql, values: [tenantId, customerIds] });
    return rows.map(recordOf);
  }

  async markProjected(tenantId: string, records: readonly OnlineRecord[]): Promise<void> {
    await this.#pool.query(
      `UPDATE customers c SET projected_version = it.version
       FROM (SELECT * FROM unnest($2::text[], $3::bigint[]) AS it(id, version) ORDER BY id) it
       WHERE c.tenant_id = $1 AND c.id = it.id AND c.projected_version < it.version`,
      [tenantId, records.map(it => it.customerId), records.map(it => it.version)],
    );
  }

  async findBehind(limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]> {
    const { rows } = await this.#pool.query<{ tenantId: string; customerId: string }>(
      'SELECT tenant_id AS "tenantId", id AS "customerId" FROM customers WHERE projected_version < version LIMIT $1',
      [limit],
    );
    return rows;
  }

  async customerIds(tenantId: string, { first, after }: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]> {
    return this.#ids('SELECT id FROM customers WHERE tenant_id = $1 AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3', [tenantId, after ?? null, first]);
  }

  async setListed(tenantId: string, segmentId: string, change: { readonly add: readonly string[] } | { readonly remove: readonly string[] }): Promise<readonly string[]> {
    const changeSql = 'add' in change
      ? `INSERT INTO segment_members (tenant_id, segment_id, customer_id) SELECT $1, $2, id FROM customers WHERE tenant_id = $1 AND id = ANY($3) ON CONFLICT DO NOTHING RETURNING customer_id`
      : `DELETE FROM segment_members WHERE tenant_id = $1 AND segment_id = $2 AND customer_id = ANY($3) RETURNING customer_id`;
    return this.#ids(
      `WITH moved AS (${changeSql}) UPDATE customers SET version = version + 1 FROM moved WHERE tenant_id = $1 AND id = moved.customer_id RETURNING id`,
      [tenantId, segmentId, 'add' in change ? change.add : change.remove],
    );
  }

  async members(tenantId: string, segmentId: string, { first, after }: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]> {
    return this.#ids(
      'SELECT customer_id AS id FROM segment_members WHERE tenant_id = $1 AND segment_id = $2 AND ($3::text IS NULL OR customer_id > $3) ORDER BY 1 LIMIT $4',
      [tenantId, segmentId, after ?? null, first],
    );
  }

  async countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { rows } = await this.#pool.query<{ id: string; count: string }>(
      'SELECT segment_id AS id, count(*) FROM segment_members WHERE tenant_id = $1 AND segment_id = ANY($2) GROUP BY 1',
      [tenantId, segmentIds],
    );
    return new Map(rows.map(({ id, count }) => [id, Number(count)]));
  }

  async #ids(text: string, values: readonly unknown[]): Promise<readonly string[]> {
    const { rows } = await this.#pool.query<{ id: string }>(text, [...values]);
    return rows.map(({ id }) => id);
  }
}

async function saveMoves(client: PoolClient, tenantId: string, moved: readonly Projected[]): Promise<void> {
  const pairs = (of: 'entered' | 'left'): readonly [string[], string[]] => {
    const all = moved.flatMap(it => it[of].map(id => [id, it.record.customerId] as const));
    return [all.map(([id]) => id), all.map(([, customerId]) => customerId)];
  };
  await client.query(
    'INSERT INTO segment_members (tenant_id, segment_id, customer_id) SELECT $1, * FROM unnest($2::text[], $3::text[]) ON CONFLICT DO NOTHING',
    [tenantId, ...pairs('entered')],
  );
  await client.query(
    `DELETE FROM segment_members m USING unnest($2::text[], $3::text[]) AS it(segment_id, customer_id)
     WHERE m.tenant_id = $1 AND m.segment_id = it.segment_id AND m.customer_id = it.customer_id`,
    [tenantId, ...pairs('left')],
  );
  await client.query('UPDATE customers SET version = version + 1 WHERE tenant_id = $1 AND id = ANY($2)', [tenantId, moved.map(it => it.record.customerId)]);
}

const recordOf = ({ id, version, attributes, features, segments }: TruthRow): OnlineRecord => ({
  customerId: id,
  known: true,
  version: Number(version),
  attributes,
  features: features ?? {},
  segments: segments ?? [],
});
