import { stat } from 'node:fs/promises';
import { z } from 'zod';
import type { Client } from '../client.js';
import { CommandFailed } from '../failure.js';
import { progress, table, type Progress, type Terminal } from '../terminal.js';
import { findLogs, type LogFiles } from './log-files.js';
import { readCsv } from './read-csv.js';
import { BrokenRow, decisionOf, importedType, itemOf, type DecisionInput, type ItemInput } from './rows.js';

export interface BrokenLine {
  readonly file: string;
  readonly line: number;
  readonly why: string;
}

/** What became of one log. `known` were there before: a run that is repeated has nothing new. */
export interface LogReport {
  readonly log: string;
  readonly items: number;
  readonly rows: number;
  readonly decisions: { readonly new: number; readonly known: number };
  readonly outcomes: { readonly new: number; readonly known: number };
  readonly broken: number;
  /** The first hundred of them. */
  readonly brokenLines: readonly BrokenLine[];
}

const batchSize = 500;
/** The server takes that many root fields in one operation. */
const itemsAtOnce = 20;
const brokenLinesShown = 100;

const upsertPlacement = `mutation ImportPlacement($placement: PlacementInput!) { upsertPlacement(input: $placement) { configurationVersion } }`;
const importDecisions = `mutation ImportDecisions($input: ImportDecisionsInput!) { importDecisions(input: $input) { decisions outcomes } }`;
const importedSchema = z.object({ importDecisions: z.object({ decisions: z.number(), outcomes: z.number() }) });

/**
 * Sends every log of the folder to the server. Needs no memory of earlier runs: ids follow from the rows, and the server keeps what is new.
 * @throws CommandFailed where the folder, or the server, does not play its part; a broken line is counted and stops nothing
 */
export async function importOpenBandit(folder: string, client: Client, terminal: Terminal): Promise<readonly LogReport[]> {
  const logs = await findLogs(folder);
  const reports: LogReport[] = [];
  for (const log of logs) {
    const { size } = await stat(log.rows);
    const bar = progress(terminal, log.name, Math.floor(size / 1024));
    try {
      reports.push(await new LogImport(log, client, bar).run());
    } finally {
      bar.end();
    }
  }
  return reports;
}

export function describeImport(reports: readonly LogReport[]): readonly string[] {
  const rows = reports.map(({ log, items, rows: read, decisions, outcomes, broken }) =>
    [log, items, read, decisions.new, decisions.known, outcomes.new, outcomes.known, broken].map(String),
  );
  const heads = ['log', 'items', 'rows', 'decisions new', 'known', 'outcomes new', 'known', 'broken lines'];
  return [...table([heads, ...rows]), ...reports.flatMap(it => it.brokenLines).map(({ file, line, why }) => `${file}:${line}: ${why}`)];
}

class LogImport {
  readonly #log: LogFiles;
  readonly #client: Client;
  readonly #bar: Progress;
  readonly #brokenLines: BrokenLine[] = [];
  #broken = 0;
  #rows = 0;
  readonly #decisions = { new: 0, known: 0 };
  readonly #outcomes = { new: 0, known: 0 };

  constructor(log: LogFiles, client: Client, bar: Progress) {
    this.#log = log;
    this.#client = client;
    this.#bar = bar;
  }

  async run(): Promise<LogReport> {
    const items = await this.#sendItems();
    const ids = new Set(items.map(({ id }) => id));
    const candidateItemIds = [...ids];
    let batch: DecisionInput[] = [];
    const send = async (): Promise<void> => {
      if (batch.length > 0) await this.#sendDecisions(candidateItemIds, batch);
      batch = [];
    };
    const { rows: file, name } = this.#log;
    for await (const { number, row } of this.#lines(file)) {
      this.#rows += 1;
      const decision = this.#read(file, number, () => decisionOf(name, present(row), number, ids));
      if (decision !== undefined) batch.push(decision);
      if (batch.length >= batchSize) await send();
    }
    await send();
    return {
      log: name,
      items: items.length,
      rows: this.#rows,
      decisions: this.#decisions,
      outcomes: this.#outcomes,
      broken: this.#broken,
      brokenLines: this.#brokenLines,
    };
  }

  async #sendItems(): Promise<readonly ItemInput[]> {
    const { items: file, name } = this.#log;
    const items: ItemInput[] = [];
    for await (const { number, row } of this.#lines(file)) {
      const item = this.#read(file, number, () => itemOf(this.#log, present(row)));
      if (item !== undefined) items.push(item);
    }
    if (items.length === 0) throw new CommandFailed(`${file} holds no item.`);
    for (let first = 0; first < items.length; first += itemsAtOnce) await this.#client.request(...upsertItems(items.slice(first, first + itemsAtOnce)));
    await this.#client.request(upsertPlacement, { placement: placementOf(name) });
    return items;
  }

  async #sendDecisions(candidateItemIds: readonly string[], decisions: readonly DecisionInput[]): Promise<void> {
    const { name } = this.#log;
    const answer = await this.#client.request(importDecisions, { input: { log: name, placementId: name, candidateItemIds, decisions } });
    const { importDecisions: added } = importedSchema.parse(answer);
    count(this.#decisions, decisions.length, added.decisions);
    count(this.#outcomes, decisions.reduce((sum, { outcomes }) => sum + outcomes.length, 0), added.outcomes);
  }

  /** The lines of a file; one that breaks off, or is no file of its kind, counts as a broken line at its end. */
  async *#lines(file: string): ReturnType<typeof readCsv> {
    let last = 1;
    let read = 0;
    try {
      for await (const line of readCsv(file, bytes => { read += bytes; })) {
        last = line.number;
        yield line;
        const whole = Math.floor(read / 1024);
        if (file === this.#log.rows) this.#bar.advance(whole);
        read -= whole * 1024;
      }
    } catch (error) {
      if (!isReadError(error)) throw error;
      this.#note(file, last + 1, `the file cannot be read on (${error.code})`);
    }
  }

  #read<T>(file: string, line: number, work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof BrokenRow)) throw error;
      this.#note(file, line, error.message);
      return undefined;
    }
  }

  #note(file: string, line: number, why: string): void {
    this.#broken += 1;
    if (this.#brokenLines.length < brokenLinesShown) this.#brokenLines.push({ file, line, why });
  }
}

/** One operation with a field for each item, and its variables. */
function upsertItems(items: readonly ItemInput[]): readonly [string, Readonly<Record<string, ItemInput>>] {
  const declared = items.map((_, i) => `$i${i}: ContentItemInput!`).join(', ');
  const fields = items.map((_, i) => `i${i}: upsertContent(input: $i${i}) { configurationVersion }`).join(' ');
  return [`mutation ImportItems(${declared}) { ${fields} }`, Object.fromEntries(items.map((item, i) => [`i${i}`, item]))];
}

function present<T>(row: T | undefined): T {
  if (row === undefined) throw new BrokenRow('it has not one value for each column');
  return row;
}

function count(of: { new: number; known: number }, sent: number, added: number): void {
  of.new += added;
  of.known += sent - added;
}

/** Errors of the file system, of gunzip and of the CSV parser carry a code; those of the server do not. */
function isReadError(error: unknown): error is { readonly code: string } {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string';
}

/** Where the log's decisions were made. It shows the log's items, should anybody ask it to, and learns nothing. */
function placementOf(log: string): object {
  return {
    id: log,
    name: `Open Bandit log ${log}`,
    accepts: {
      and: [
        { item: { name: 'type', operator: 'equals', value: importedType } },
        { item: { name: 'log', operator: 'equals', value: log } },
      ],
    },
    scorer: { kind: 'priority' },
    policy: { kind: 'uniform' },
  };
}
