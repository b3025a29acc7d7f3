import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type { Row } from './rows.js';

export interface Line {
  /** Number of the line in the file, from 1; the header is line 1. */
  readonly number: number;
  /** Undefined where the line has not one value for each column. */
  readonly row: Row | undefined;
}

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file with a header, gzipped where its name says so, line by line: memory does not grow with the file. Quotes mean
 * nothing, so that one in a broken line cannot swallow the lines after it.
 * @param onBytes told how many bytes of the file have been read
 * @throws where the file cannot be read, or ends in the midst
 */
export async function* readCsv(file: string, onBytes: (count: number) => void = () => undefined): AsyncGenerator<Line> {
  const source = createReadStream(file);
  source.on('data', chunk => { onBytes(chunk.length); });
  const parser = parse({ info: true, quote: false, relax_column_count: true, bom: true, skip_empty_lines: true });
  // Errors reach the reader through the parser, which the pipeline ends with them.
  if (file.endsWith('.gz')) pipeline(source, createGunzip(), parser, () => undefined);
  else pipeline(source, parser, () => undefined);
  let header: readonly string[] | undefined;
  for await (const { record, info } of parser as AsyncIterable<Parsed>) {
    if (header === undefined) header = record;
    else yield { number: info.lines, row: rowOf(header, record) };
  }
}

function rowOf(header: readonly string[], record: readonly string[]): Row | undefined {
  if (record.length !== header.length) return undefined;
  return new Map(header.map((column, i) => [column, record[i] ?? '']));
}
