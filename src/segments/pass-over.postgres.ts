import type { Pool } from 'pg';
import { behavioursOf } from '../conditions/behaviour.js';
import { readsOf } from '../conditions/condition.js';
import { truthSql } from '../conditions/truth-sql.js';
import { answered } from '../platform/postgres.js';
import type { ProjectedBy } from './projection-store.js';
import { defaultsOf } from './search/customer-search.js';
import type { Segment } from './segment.js';

/** Versions that the segments were last applied to customers in. Who has never been looked at is not passed over. */
const originsSql = 'SELECT DISTINCT rules_version AS version FROM customers WHERE tenant_id = $1 AND rules_version > 0 AND rules_version < (SELECT attune_rules_version($1))';

const changedSql = `
  SELECT kind, id, max(GREATEST(since, until)) AS version FROM definitions
  WHERE tenant_id = $1 AND GREATEST(since, until) > $2 AND (kind IN ('feature', 'segment', 'attribute') OR (kind IN ('ruleSet', 'experiment') AND body @? '$.**.did'))
  GROUP BY kind, id`;

const membersSql = 'SELECT customer_id AS id FROM segment_members WHERE tenant_id = $1 AND segment_id = $2';

/** Those who are settled by the old version, and not due. Locks in the order of the ids, as everybody does. */
const passSql = `
  WITH held AS (
    SELECT id FROM customers c
    WHERE tenant_id = $1 AND rules_version = $2 AND projected_version >= version AND (due_at IS NULL OR due_at > $3) AND unannounced = '{}'
      AND ($4::text IS NULL OR id > $4) AND NOT EXISTS (SELECT FROM unnest($5::text[]) AS moved(id) WHERE moved.id = c.id)
    ORDER BY id LIMIT $6 FOR UPDATE
  ), passed AS (
    UPDATE customers c SET rules_version = $7 FROM held WHERE c.tenant_id = $1 AND c.id = held.id
  )
  SELECT count(*)::int AS count, max(id) AS last FROM held`;

const pageSize = 5000;

interface Changed {
  readonly kind: string;
  readonly id: string;
  readonly version: string;
}

/**
 * Notes that the newest segments are applied to those customers whom they move nowhere, in few statements: a segment more mostly concerns few.
 * Leaves to the projection whoever moves, is not settled or is due; and everybody, where more than segments has changed, or one of them reads
 * what is not kept as it is: counts of behaviour, other segments, the time.
 */
export async function passOver(pool: Pool, tenantId: string, by: ProjectedBy, isStopped: () => boolean): Promise<void> {
  const { segments: { version }, now } = by;
  const { rows: origins } = await answered(pool.query<{ version: string }>(originsSql, [tenantId]));
  for (const origin of origins) {
    const { rows: changed } = await answered(pool.query<Changed>(changedSql, [tenantId, origin.version]));
    if (changed.some(it => Number(it.version) > version)) return; // by others than these
    const moved = await movedBy(pool, tenantId, changed, by);
    if (moved === undefined) continue;
    let page: { readonly count: number; readonly last: string | null } = { count: pageSize, last: null };
    while (page.count === pageSize && !isStopped()) {
      const values = [tenantId, origin.version, new Date(now), page.last, [...moved], pageSize, version];
      const { rows: [next] } = await answered(pool.query<typeof page>(passSql, values));
      page = next ?? { count: 0, last: null };
    }
  }
}

/** Customers whom the changed segments take in, or let go; undefined where that cannot be told from what is kept. */
async function movedBy(pool: Pool, tenantId: string, changed: readonly Changed[], by: ProjectedBy): Promise<ReadonlySet<string> | undefined> {
  const live = new Map(by.segments.from.segments.map(it => [it.id, it]));
  if (!changed.every(({ kind, id }) => kind === 'segment' && isReadFromRows(live.get(id)))) return undefined;
  const moved = new Set<string>();
  for (const { id } of changed) for (const customerId of await movedByOne(pool, tenantId, { id, condition: live.get(id)?.condition }, by)) moved.add(customerId);
  return moved;
}

function isReadFromRows(segment: Segment | undefined): boolean {
  const condition = segment?.condition;
  if (condition === undefined) return true;
  const { segments, time } = readsOf(condition);
  return behavioursOf(condition).length === 0 && segments.size === 0 && !time;
}

/** Of a segment that is gone, or a list: all members, of whom nothing is said here. */
async function movedByOne(pool: Pool, tenantId: string, { id, condition }: Pick<Segment, 'id' | 'condition'>, { segments: { from }, now }: ProjectedBy): Promise<readonly string[]> {
  if (condition === undefined) {
    const { rows } = await answered(pool.query<{ id: string }>(membersSql, [tenantId, id]));
    return rows.map(it => it.id);
  }
  const { blind, features } = from;
  const { text, values } = truthSql(condition, { tenantId, now, blind, defaults: defaultsOf({ features }) });
  const segment = `$${values.length + 1}`;
  const { rows } = await answered(pool.query<{ id: string }>(
    `SELECT id FROM (${text}) AS it
     WHERE (truth IS TRUE) <> EXISTS (SELECT FROM segment_members m WHERE m.tenant_id = $1 AND m.segment_id = ${segment} AND m.customer_id = it.id)`,
    [...values, id],
  ));
  return rows.map(it => it.id);
}
