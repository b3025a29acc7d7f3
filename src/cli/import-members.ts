import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { parse } from 'csv-parse';
import { z } from 'zod';
import type { Connection } from './client.js';
import { CommandFailed } from './failure.js';
import { progress, table, type Progress, type Terminal } from './terminal.js';

const reportSchema = z.object({ rows: z.number(), added: z.number(), updated: z.number(), unchanged: z.number(), unknown: z.number() });
/** What became of the rows; `unknown` are customers whom the tenant does not know. */
export type MembersReport = z.infer<typeof reportSchema>;

const refusalSchema = z.object({
  errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string(), details: z.object({ path: z.string().optional() }).optional() }) })).min(1),
});

interface Row {
  readonly record: readonly string[];
  /** Line of the file that it ends in, from 1. */
  readonly line: number;
}

const rowsAtOnce = 5000;
const timeoutMs = 60_000;

/**
 * Puts the customers of a CSV on a list, some thousands at a time. What was sent before a fault stays on the list; run again, it changes nothing.
 * @throws CommandFailed where the file cannot be read, or the server refuses; the message names the line
 */
export async function importMembers(file: string, segmentId: string, connection: Connection, terminal: Terminal): Promise<MembersReport> {
  const { size } = await stat(file).catch(() => { throw new CommandFailed(`${file} cannot be read.`); });
  const bar = progress(terminal, segmentId, Math.ceil(size / 1024));
  try {
    return await sendAll(file, segmentId, connection, bar);
  } finally {
    bar.end();
  }
}

export function describeMembers({ rows, added, updated, unchanged, unknown }: MembersReport): readonly string[] {
  return table([['rows', 'added', 'updated', 'unchanged', 'unknown'], [rows, added, updated, unchanged, unknown].map(String)]);
}

async function sendAll(file: string, segmentId: string, connection: Connection, bar: Progress): Promise<MembersReport> {
  let total: MembersReport = { rows: 0, added: 0, updated: 0, unchanged: 0, unknown: 0 };
  let header: Row | undefined;
  let rows: Row[] = [];
  const flush = async (): Promise<void> => {
    const report = await send(segmentId, connection, [header ?? { record: [], line: 1 }, ...rows]);
    total = reportSchema.parse(Object.fromEntries(Object.entries(report).map(([name, count]) => [name, count + total[name as keyof MembersReport]])));
    rows = [];
  };
  for await (const row of rowsOf(file, bytes => { bar.advance(bytes / 1024); })) {
    if (header === undefined) header = row;
    else rows.push(row);
    if (rows.length === rowsAtOnce) await flush();
  }
  if (rows.length > 0 || total.rows === 0) await flush();
  return total;
}

async function* rowsOf(file: string, onBytes: (count: number) => void): AsyncGenerator<Row> {
  const source = createReadStream(file);
  source.on('data', chunk => { onBytes(chunk.length); });
  const parser = parse({ info: true, bom: true, relax_column_count: true, skip_empty_lines: true });
  pipeline(source, parser, () => undefined);
  try {
    for await (const { record, info } of parser as AsyncIterable<{ readonly record: readonly string[]; readonly info: { readonly lines: number } }>) {
      yield { record, line: info.lines };
    }
  } catch (cause) {
    throw new CommandFailed(`${file} is no CSV.`, { cause });
  }
}

async function send(segmentId: string, { url, key }: Connection, rows: readonly Row[]): Promise<MembersReport> {
  const response = await fetch(new URL(`/api/v1/segments/${encodeURIComponent(segmentId)}/members`, url), {
    method: 'POST',
    headers: { 'content-type': 'text/csv; charset=utf-8', authorization: `Bearer ${key}` },
    body: rows.map(({ record }) => record.map(quoted).join(',')).join('\n'),
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    throw new CommandFailed(`Nothing answers at ${url}. Is the server running (npm start)? ATTUNE_URL says where to look.`, { cause });
  });
  const body: unknown = await response.json().catch(() => undefined);
  const report = reportSchema.safeParse(body);
  if (report.success) return report.data;
  const refusal = refusalSchema.safeParse(body);
  if (!refusal.success) throw new CommandFailed(`What answers at ${url} is not Attune (HTTP status ${response.status}).`);
  const [error] = refusal.data.errors;
  throw new CommandFailed(`The server refused${placeOf(error?.extensions.details?.path, rows)}: ${error?.message ?? ''} (${error?.extensions.code ?? 'no code'})`);
}

const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/** Lines are numbered from 1 in what was sent, as in the file; a value may hold line breaks. */
function placeOf(path: string | undefined, rows: readonly Row[]): string {
  const sent = Number(/^\/(\d+)/.exec(path ?? '')?.[1] ?? Number.NaN);
  let line = 0;
  const row = rows.find(({ record }) => {
    line += 1 + record.join('').split('\n').length - 1;
    return line >= sent;
  });
  return row === undefined ? '' : ` line ${row.line}`;
}
