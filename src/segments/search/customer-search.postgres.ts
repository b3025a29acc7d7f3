import type { Pool } from 'pg';
import { truthSql } from '../../conditions/truth-sql.js';
import { answered } from '../../platform/postgres.js';
import { defaultsOf, mostOverlaps, sampleSize, type CustomerSearch, type Found, type Preview, type Question, type SearchPage } from './customer-search.js';

interface PreviewRow {
  readonly count: string;
  readonly scanned: string;
  readonly sample: readonly string[] | null;
  readonly overlaps: readonly { readonly segmentId: string; readonly count: number }[] | null;
}

/** The truth itself. What a customer did is counted from the log, so a condition may ask for what nobody has asked for before. */
export class PostgresCustomerSearch implements CustomerSearch {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async preview(tenantId: string, question: Question): Promise<Preview> {
    const { text, values } = truthOf(tenantId, question);
    const sql = `
      WITH members AS MATERIALIZED (SELECT id FROM (${text}) AS it WHERE truth)
      SELECT (SELECT count(*) FROM members) AS count, (SELECT count(*) FROM customers WHERE tenant_id = $1) AS scanned,
        (SELECT array_agg(id) FROM (SELECT id FROM members ORDER BY id COLLATE "C" LIMIT ${sampleSize}) AS first) AS sample,
        (SELECT jsonb_agg(jsonb_build_object('segmentId', segment_id, 'count', count)) FROM (
          SELECT m.segment_id, count(*) FROM members JOIN segment_members m ON m.tenant_id = $1 AND m.customer_id = members.id
          GROUP BY 1 ORDER BY 2 DESC, segment_id COLLATE "C" LIMIT ${mostOverlaps}
        ) AS most) AS overlaps`;
    const { rows: [row] } = await answered(this.#pool.query<PreviewRow>(sql, values));
    return { count: Number(row?.count), scanned: Number(row?.scanned), sample: row?.sample ?? [], overlaps: row?.overlaps ?? [] };
  }

  async search(tenantId: string, question: Question, { first, after }: SearchPage): Promise<Found> {
    const { text, values } = truthOf(tenantId, question);
    const [later, most] = [`$${values.length + 1}::text`, `$${values.length + 2}::int`];
    const sql = `SELECT id FROM (${text}) AS it WHERE truth AND (${later} IS NULL OR id COLLATE "C" > ${later}) ORDER BY id COLLATE "C" LIMIT ${most}`;
    const { rows } = await answered(this.#pool.query<{ id: string }>(sql, [...values, after ?? null, first]));
    return { ids: rows.map(it => it.id), view: undefined };
  }
}

function truthOf(tenantId: string, question: Question): { readonly text: string; readonly values: unknown[] } {
  const { condition, now, blind } = question;
  const { text, values } = truthSql(condition, { tenantId, now, blind, defaults: defaultsOf(question) });
  return { text, values: [...values] };
}
