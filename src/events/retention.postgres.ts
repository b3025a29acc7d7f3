import type { Pool } from 'pg';

export interface RetentionDeps {
  readonly pool: Pool;
  /** For how long events are kept. */
  readonly keptDays: number;
  /** Epoch milliseconds. */
  readonly now: () => number;
}

const dayMs = 86_400_000;
/** Rejected events wait this long for a fix. */
const rejectedDays = 14;
const idsAtOnce = 10_000;

const dropSql = 'SELECT attune_drop_event_day($1::date)::text AS day';
const forgetSql = 'DELETE FROM event_ids WHERE ctid = ANY(ARRAY(SELECT ctid FROM event_ids WHERE at < $1 LIMIT $2))';

/**
 * Drops the days of the log that are past their time, whole, and then the ids of their events, which are too old to be taken again. Done again
 * it does nothing; cut off, the next goes on.
 */
export async function dropOldEvents({ pool, keptDays, now }: RetentionDeps): Promise<void> {
  // A day that holds anything that may still be taken stays.
  const before = new Date(now() - keptDays * dayMs).toISOString().slice(0, 10);
  let dropped = 0;
  for (;;) {
    const { rows: [row] } = await pool.query<{ day: string | null }>(dropSql, [before]);
    if (row?.day === null || row === undefined) break;
    dropped += 1;
  }
  if (dropped > 0) while (((await pool.query(forgetSql, [new Date(before), idsAtOnce])).rowCount ?? 0) === idsAtOnce);
  await pool.query('DELETE FROM rejected_events WHERE received_at < $1', [new Date(now() - rejectedDays * dayMs)]);
}
