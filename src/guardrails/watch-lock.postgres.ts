import type { Pool } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';

const lockSql = "SELECT pg_try_advisory_xact_lock(hashtext('attune feature watch')) AS held";

/** Does it unless another process on the database is at it. */
export function onlyHere(pool: Pool): (doing: () => Promise<void>) => Promise<void> {
  return doing => answered(inTransaction(pool, async client => {
    const { rows: [row] } = await client.query<{ held: boolean }>(lockSql);
    if (row?.held === true) await doing();
  }));
}
