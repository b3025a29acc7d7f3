import type { TrainingRow, TrainingSet } from './training-set.js';

/** As RFC 4180 has it, with a header; a missing value is an empty field, an empty text is `""`, a list is JSON. */
export async function* csvRows({ columns, rows }: TrainingSet): AsyncGenerator<string> {
  yield line(columns.map(it => quoted(it.name)));
  for await (const row of rows) yield line(columns.map(({ name }) => field(row[name])));
}

const line = (fields: readonly string[]): string => `${fields.join(',')}\r\n`;

function field(value: TrainingRow[string] | undefined): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return quoted(value);
  return typeof value === 'object' ? quoted(JSON.stringify(value)) : String(value);
}

const quoted = (text: string): string => (text === '' || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
