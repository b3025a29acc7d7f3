import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { id, instant, parseBody, tooMuch } from '../tenants/body.schema.js';
import type { ListEntry, MembersPage } from './memberships.js';

export const mostAtOnce = 1000;

/** Rows of one CSV. */
export const mostRows = 10_000;

const change = z.strictObject({
  segmentId: id,
  customerIds: z
    .array(id)
    .min(1)
    .superRefine((ids, context) => {
      if (ids.length > mostAtOnce) context.addIssue({ code: 'custom', message: `At most ${mostAtOnce} customers at once`, params: tooMuch });
    }),
  expiresAt: instant.optional(),
});

/** @throws InvalidInput, LimitExceeded */
export function parseMembersChange(input: unknown, now: number): { readonly segmentId: string; readonly entries: readonly ListEntry[] } {
  const { segmentId, customerIds, expiresAt } = parseBody(change, input);
  return { segmentId, entries: customerIds.map(customerId => ({ customerId, expiresAt: inFuture(expiresAt, now, '/expiresAt') })) };
}

const line = z.strictObject({ customerId: id, expiresAt: z.union([z.literal(''), instant]).optional() });

/**
 * Reads a CSV (RFC 4180) whose header names the column `customerId`, and `expiresAt` where wanted, an ISO-8601 time or nothing. All of it is good, or
 * none is taken: the `path` of the error is /<line>/<column>, the header being line 1.
 * @throws InvalidInput, LimitExceeded
 */
export function parseMembersCsv(text: string, now: number): readonly ListEntry[] {
  const rows = rowsOf(text);
  const header = rows[0]?.record ?? [];
  if (!header.includes('customerId') || header.some((it, i) => (it !== 'customerId' && it !== 'expiresAt') || header.indexOf(it) !== i)) {
    throw new InvalidInput('The first line names the columns: customerId, and expiresAt where it is wanted', { details: { path: '/1' } });
  }
  if (rows.length - 1 > mostRows) throw new LimitExceeded(`At most ${mostRows} rows at once`, { details: { path: '', limit: mostRows } });
  return rows.slice(1).map(({ record, info }) => {
    const at = `/${info.lines}`;
    if (record.length !== header.length) throw new InvalidInput('A row has a value for each column', { details: { path: at } });
    const { customerId, expiresAt } = parseBody(line, Object.fromEntries(header.map((column, i) => [column, record[i]])), at);
    return { customerId, expiresAt: inFuture(expiresAt === '' ? undefined : expiresAt, now, `${at}/expiresAt`) };
  });
}

interface CsvRow {
  readonly record: readonly string[];
  /** Number of the line that the row ends in, from 1. */
  readonly info: { readonly lines: number };
}

function rowsOf(text: string): readonly CsvRow[] {
  try {
    return parse(text, { info: true, bom: true, skip_empty_lines: true, relax_column_count: true, max_record_size: 10_000 }) as unknown as readonly CsvRow[];
  } catch (cause) {
    const lines = cause instanceof CsvError ? Number(cause['lines']) : Number.NaN;
    throw new InvalidInput('This is no CSV as RFC 4180 describes it', { cause, details: { path: Number.isFinite(lines) ? `/${lines}` : '' } });
  }
}

function inFuture(text: string | undefined, now: number, path: string): number | undefined {
  if (text === undefined) return undefined;
  const time = Date.parse(text);
  if (time <= now) throw new InvalidInput('A membership ends in the future', { details: { path } });
  return time;
}

/** The customer that a page goes on after. @throws InvalidInput for a cursor of another list */
export function parsePosition(position: readonly unknown[] | undefined): MembersPage['after'] {
  if (position === undefined) return undefined;
  const parsed = z.tuple([id]).safeParse(position);
  if (!parsed.success) throw new InvalidInput('The cursor is none that was given out here.');
  return parsed.data[0];
}
