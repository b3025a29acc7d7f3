import type { Pool, PoolClient } from 'pg';
import { nextConsentEnd, withEndedRefused, type Consents } from '../customers/consent.js';
import { underAlias, type FeatureReading, type FeatureValue, type OnlineRecord } from '../customers/online-record.js';
import type { FeatureDefinition } from '../features/feature.js';
import { answered, inTransaction } from '../platform/postgres.js';
import { passOver } from './pass-over.postgres.js';
import type { Projected, ProjectedBy, ProjectionStore } from './projection-store.js';
import type { SegmentMove } from './segment-change.js';

/**
 * Counts aggregates of these customers anew from the log, within the transaction of `client`, which holds them. `dueAt` says of whom one next
 * changes without an event, and when, in epoch milliseconds.
 */
export type Recount = (
  client: PoolClient, tenantId: string, what: { readonly definitions: readonly FeatureDefinition[]; readonly customerIds: readonly string[]; readonly now: number },
) => Promise<{ readonly dueAt: ReadonlyMap<string, number> }>;

interface TruthRow {
  readonly id: string;
  readonly version: string;
  readonly attributes: Record<string, FeatureValue>;
  readonly features: Record<string, FeatureReading> | null;
  readonly segments: string[] | null;
  /** When memberships of lists end, in epoch milliseconds. */
  readonly expiring?: Readonly<Record<string, number>> | null;
  readonly consents: Consents;
  readonly unit: string | null;
  readonly aliases: string[] | null;
  readonly unannounced: string[];
  readonly updated_at: Date;
  readonly is_settled: boolean;
  /** Version in which the tenant's segments or features last changed. */
  readonly rules: string;
}

interface HeldRow {
  readonly id: string;
  readonly due_at: Date | null;
  readonly segments_due_at: Date | null;
  /** Version whose segments were applied last. */
  readonly rules_version: string;
  /** Whether nobody but time can have changed the customer, and whether time has. */
  readonly is_idle: boolean;
  readonly is_due: boolean;
}

const lockSql = `
  SELECT id, due_at, segments_due_at, rules_version, due_at IS NOT NULL AND due_at <= $3 AS is_due,
    projected_version >= version AND rules_version >= (SELECT attune_rules_version($1)) AS is_idle
  FROM customers WHERE tenant_id = $1 AND id = ANY($2) ORDER BY id FOR UPDATE`;
const dueSql = `
  UPDATE customers c SET due_at = it.due_at, segments_due_at = it.segments_due_at
  FROM unnest($2::text[], $3::timestamptz[], $4::timestamptz[]) AS it(id, due_at, segments_due_at) WHERE c.tenant_id = $1 AND c.id = it.id`;

const truthColumns = `c.version, c.attributes, c.consents, c.unit, c.unannounced, c.updated_at, c.projected_version >= c.version AS is_settled,
    (SELECT jsonb_object_agg(name, jsonb_build_object('value', value, 'at', (extract(epoch FROM at) * 1000)::bigint) || CASE WHEN version > 1 THEN jsonb_build_object('version', version) ELSE '{}' END)
     FROM customer_features f WHERE f.tenant_id = c.tenant_id AND f.customer_id = c.id) AS features,
    (SELECT array_agg(segment_id ORDER BY segment_id) FROM segment_members m WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.id) AS segments`;
const truthSql = `
  SELECT c.id, ${truthColumns},
    (SELECT jsonb_object_agg(segment_id, (extract(epoch FROM expires_at) * 1000)::bigint)
     FROM segment_members m WHERE m.tenant_id = c.tenant_id AND m.customer_id = c.id AND m.expires_at IS NOT NULL) AS expiring,
    (SELECT array_agg(alias) FROM customer_aliases a WHERE a.tenant_id = c.tenant_id AND a.customer_id = c.id) AS aliases,
    (SELECT attune_rules_version($1)) AS rules
  FROM customers c WHERE c.tenant_id = $1 AND c.id = ANY($2)`;
const loadSql = `
  SELECT asked.id AS asked, c.id, ${truthColumns}
  FROM unnest($2::text[]) AS asked(id)
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = asked.id
  JOIN customers c ON c.tenant_id = $1 AND c.id = COALESCE(a.customer_id, asked.id)`;

const enterSql = 'INSERT INTO segment_members (tenant_id, segment_id, customer_id) SELECT $1, * FROM unnest($2::text[], $3::text[]) ON CONFLICT DO NOTHING';
const leaveSql = `
  DELETE FROM segment_members m USING unnest($2::text[], $3::text[]) AS it(segment_id, customer_id)
  WHERE m.tenant_id = $1 AND m.segment_id = it.segment_id AND m.customer_id = it.customer_id`;
const endSql = 'UPDATE customers SET consents = $3 WHERE tenant_id = $1 AND id = $2';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

const settleSql = 'SELECT attune_settle_customers($1, $2, $3, $4) AS gone';

const unsettledSql = `
  SELECT tenant_id AS "tenantId", id AS "customerId" FROM customers WHERE projected_version < version AND updated_at <= $1 ORDER BY tenant_id, id LIMIT $2`;

const findDueSql = `
  SELECT tenant_id AS "tenantId", id AS "customerId" FROM customers WHERE due_at <= $1 AND projected_version >= version ORDER BY due_at LIMIT $2`;

/** The version of each tenant is worked out first: within the search the planner would at times work it out again for each customer. */
const tenantsBehindSql = `
  SELECT t.id FROM tenants t CROSS JOIN LATERAL (SELECT attune_rules_version(t.id) AS version OFFSET 0) AS newest
  WHERE EXISTS (SELECT FROM customers c WHERE c.tenant_id = t.id AND c.rules_version < newest.version)`;
const customersBehindSql = `
  SELECT id FROM customers
  WHERE tenant_id = $1 AND rules_version < (SELECT attune_rules_version($1)) AND ($2::text IS NULL OR id > $2) ORDER BY id LIMIT $3`;

export class PostgresProjectionStore implements ProjectionStore {
  readonly #pool: Pool;
  readonly #recount: Recount;

  constructor(pool: Pool, recount: Recount) {
    this.#pool = pool;
    this.#recount = recount;
  }

  project(tenantId: string, customerIds: readonly string[], by: ProjectedBy): Promise<readonly Projected[] | undefined> {
    return answered(inTransaction(this.#pool, client => this.#projectHeld(client, tenantId, customerIds, by))).catch((error: unknown) => {
      if (error instanceof StaleSegments) return undefined;
      throw error;
    });
  }

  async #projectHeld(client: PoolClient, tenantId: string, customerIds: readonly string[], by: ProjectedBy): Promise<readonly Projected[]> {
    const { rows: found } = await client.query<HeldRow>({ name: 'hold', text: lockSql, values: [tenantId, customerIds, new Date(by.now)] });
    const held = found.filter(it => it.is_due || !it.is_idle);
    if (held.length === 0) return [];
    const heldIds = held.map(it => it.id);
    const { dueAt } = await this.#recount(client, tenantId, { definitions: by.segments.recounted, customerIds: heldIds, now: by.now });
    const { rows } = await client.query<TruthRow>({ name: 'truth', text: truthSql, values: [tenantId, heldIds] });
    if (rows.some(({ rules }) => Number(rules) > by.segments.version)) throw new StaleSegments();
    const before = new Map(held.map(it => [it.id, it]));
    const projected = rows.flatMap(row => {
      const was = before.get(row.id);
      return was === undefined ? [] : [projectedOf(row, was, by)];
    });
    await keepMoves(client, tenantId, projected.filter(hasMoved), by.now);
    await keepDue(client, tenantId, projected.map(it => ({ it, was: before.get(it.record.customerId), countsChangeAt: dueAt.get(it.record.customerId) })), by.now);
    return projected;
  }

  async load(tenantId: string, customerIds: readonly string[]): Promise<readonly OnlineRecord[]> {
    const { rows } = await answered(this.#pool.query<TruthRow & { readonly asked: string }>({ name: 'records', text: loadSql, values: [tenantId, customerIds] }));
    return rows.map(row => (row.asked === row.id ? recordOf(row) : underAlias(recordOf(row), row.asked)));
  }

  async settle(tenantId: string, projected: readonly Projected[], { segments }: ProjectedBy): Promise<readonly string[]> {
    const records = projected.map(it => it.record).sort((a, b) => (a.customerId < b.customerId ? -1 : 1));
    const { rows } = await answered(this.#pool.query<{ gone: readonly string[] }>({
      name: 'settle',
      text: settleSql,
      values: [tenantId, records.map(it => it.customerId), records.map(it => it.version), segments.version],
    }));
    return rows.flatMap(it => it.gone);
  }

  async findUnsettled(before: number, limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]> {
    const { rows } = await answered(this.#pool.query<{ tenantId: string; customerId: string }>(unsettledSql, [new Date(before), limit]));
    return rows;
  }

  async findDue(now: number, limit: number): Promise<readonly { readonly tenantId: string; readonly customerId: string }[]> {
    const { rows } = await answered(this.#pool.query<{ tenantId: string; customerId: string }>(findDueSql, [new Date(now), limit]));
    return rows;
  }

  async tenantsBehind(): Promise<readonly string[]> {
    const { rows } = await answered(this.#pool.query<{ id: string }>(tenantsBehindSql));
    return rows.map(it => it.id);
  }

  passOver(tenantId: string, by: ProjectedBy, isStopped: () => boolean): Promise<void> {
    return passOver(this.#pool, tenantId, by, isStopped);
  }

  async customersBehind(tenantId: string, { first, after }: { readonly first: number; readonly after: string | undefined }): Promise<readonly string[]> {
    const { rows } = await answered(this.#pool.query<{ id: string }>(customersBehindSql, [tenantId, after ?? null, first]));
    return rows.map(it => it.id);
  }
}

/** Rolls back what was worked out by segments that are no longer those of the tenant. */
class StaleSegments extends Error {}

interface Due {
  readonly it: ProjectedHeld;
  readonly was: HeldRow | undefined;
  readonly countsChangeAt: number | undefined;
}

/** When time alone may next change something about the customers, where it is another time than before. */
async function keepDue(client: PoolClient, tenantId: string, all: readonly Due[], now: number): Promise<void> {
  const due = all.map(({ it, was, countsChangeAt }) => ({
    id: it.record.customerId,
    was: [was?.due_at?.getTime(), was?.segments_due_at?.getTime()],
    is: [wholeAfter(now, countsChangeAt, it.nextMove, it.listEnd, nextConsentEnd(it.record.consents, now)), wholeAfter(now, it.nextMove)],
  }));
  const moved = due.filter(({ was, is }) => was[0] !== is[0] || was[1] !== is[1]);
  if (moved.length === 0) return;
  const times = (which: 0 | 1): (Date | null)[] => moved.map(({ is }) => (is[which] === undefined ? null : new Date(is[which])));
  await client.query(dueSql, [tenantId, moved.map(it => it.id), times(0), times(1)]);
}

/** The least of these times, in whole epoch milliseconds after now; undefined where there is none. */
function wholeAfter(now: number, ...times: readonly (number | undefined)[]): number | undefined {
  const due = Math.ceil(Math.max(now + 1, Math.min(...times.map(it => it ?? Infinity))));
  return due <= latestMs ? due : undefined;
}

/** The last time that there is. */
const latestMs = 8.64e15;

interface ProjectedHeld extends Projected {
  /** Time alone moves the customer into no segment and out of none before, in epoch milliseconds. */
  readonly nextMove: number | undefined;
  /** When the next membership of a list ends, in epoch milliseconds. */
  readonly listEnd: number | undefined;
}

function projectedOf(row: TruthRow, held: HeldRow, { segments, now }: ProjectedBy): ProjectedHeld {
  const { consents, ended } = withEndedRefused(row.consents, now);
  const record = { ...recordOf(row), consents };
  const { listed, listEnd } = presentLists(record.segments, row.expiring ?? {}, now);
  const over = record.segments.filter(id => !listed.includes(id)).map(id => `SEGMENT ${id}`);
  const changed = [...row.unannounced.map(withoutVersion), ...over];
  const hasSameRules = Number(held.rules_version) >= Number(row.rules);
  const known = hasSameRules ? { segments: record.segments, changed, nextChange: held.segments_due_at?.getTime() } : undefined;
  const { segments: after, nextChange } = segments.membershipsOf({ attributes: record.attributes, features: record.features, listed }, now, known);
  const [was, is] = [new Set(record.segments), new Set(after)];
  const entered = after.filter(id => !was.has(id));
  const left = record.segments.filter(id => !is.has(id));
  const moved = entered.length + left.length + ended.length > 0;
  const names = new Set([...row.unannounced.map(withoutVersion), ...[...entered, ...left].map(id => `SEGMENT ${id}`), ...ended.map(it => `CONSENT ${it}`)]);
  const otherwise = held.rules_version === '0' ? 'CUSTOMER' : hasSameRules ? 'TIME' : 'DEFINITION';
  const changedAt = moved ? now : row.updated_at.getTime();
  const moves = [...names].filter(it => it.startsWith(segmentPrefix)).sort().map((name): SegmentMove => {
    const segmentId = name.slice(segmentPrefix.length);
    const cause = held.is_idle || over.includes(name) ? timeAlone : segments.causeOf(segmentId, [...names], otherwise);
    return { segmentId, customerId: row.id, move: is.has(segmentId) ? 'ENTERED' : 'LEFT', cause, changedAt };
  });
  return {
    record: { ...record, version: record.version + (moved ? 1 : 0), segments: after },
    aliases: row.aliases ?? [],
    entered,
    left,
    ended,
    unannounced: [...names].sort().map(changeOf),
    moves,
    cause: held.is_idle ? 'TIME' : undefined,
    changedAt,
    isSettled: row.is_settled && !moved,
    nextMove: nextChange,
    listEnd,
  };
}

const segmentPrefix = 'SEGMENT ';
const timeAlone: SegmentMove['cause'] = { kind: 'TIME', subject: null };

/** Segments without the lists that the customer is on no longer, and when the next of these memberships ends. */
function presentLists(all: readonly string[], expiring: Readonly<Record<string, number>>, now: number): { readonly listed: readonly string[]; readonly listEnd: number | undefined } {
  const ends = new Map(Object.entries(expiring));
  const later = [...ends.values()].filter(it => it > now);
  return { listed: all.filter(id => (ends.get(id) ?? Infinity) > now), listEnd: later.length === 0 ? undefined : Math.min(...later) };
}

const hasMoved = ({ entered, left, ended }: Projected): boolean => entered.length + left.length + ended.length > 0;

const withoutVersion = (text: string): string => text.slice(text.indexOf(' ') + 1);

function changeOf(text: string): Projected['unannounced'][number] {
  const space = text.indexOf(' ');
  return { kind: text.slice(0, space) as Projected['unannounced'][number]['kind'], name: text.slice(space + 1) };
}

async function keepMoves(client: PoolClient, tenantId: string, moved: readonly Projected[], now: number): Promise<void> {
  if (moved.length === 0) return;
  const pairs = (of: 'entered' | 'left'): readonly [segmentIds: string[], customerIds: string[]] => {
    const all = moved.flatMap(it => it[of].map(id => [id, it.record.customerId] as const));
    return [all.map(([id]) => id), all.map(([, customerId]) => customerId)];
  };
  const [entered, left] = [pairs('entered'), pairs('left')];
  await client.query(enterSql, [tenantId, ...entered]);
  await client.query(leaveSql, [tenantId, ...left]);
  const ended = moved.flatMap(({ record, ended: purposes }) => purposes.map(it => [it, record.customerId] as const));
  for (const { record } of moved.filter(it => it.ended.length > 0)) await client.query(endSql, [tenantId, record.customerId, JSON.stringify(record.consents)]);
  const names = [...[...entered[0], ...left[0]].map(id => `SEGMENT ${id}`), ...ended.map(([it]) => `CONSENT ${it}`)];
  await client.query(changeSql, [tenantId, [...entered[1], ...left[1], ...ended.map(([, id]) => id)], names, new Date(now)]);
}

const recordOf = ({ id, version, attributes, features, segments, consents, unit }: TruthRow): OnlineRecord => ({
  customerId: id,
  known: true,
  version: Number(version),
  attributes,
  features: features ?? {},
  segments: segments ?? [],
  consents,
  ...(unit !== null && { unit }),
});
