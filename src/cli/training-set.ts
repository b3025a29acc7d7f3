import { createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import type { Connection } from './client.js';
import { CommandFailed } from './failure.js';
import { activity, type Terminal } from './terminal.js';

export interface TrainingSetOptions {
  readonly placement: string;
  readonly from: string;
  readonly to: string;
  /** Names with commas between them. */
  readonly features?: string | undefined;
  readonly format: 'csv' | 'parquet';
  readonly out: string;
}

export interface TrainingSetReport {
  readonly file: string;
  readonly bytes: number;
}

const refusalSchema = z.object({ errors: z.array(z.object({ message: z.string(), extensions: z.object({ code: z.string() }) })).min(1) });

/**
 * Writes a placement's decisions of some time, with features as they were then and what came of each, to a file.
 * @throws CommandFailed where the server refuses, or the stream breaks off
 */
export async function downloadTrainingSet({ url, key }: Connection, { out, ...asked }: TrainingSetOptions, terminal: Terminal): Promise<TrainingSetReport> {
  const address = new URL('/api/v1/training-set', url);
  for (const [name, value] of Object.entries(asked)) if (value !== undefined) address.searchParams.set(name, value);
  const response = await fetch(address, { headers: { authorization: `Bearer ${key}` } }).catch((cause: unknown) => {
    throw new CommandFailed(`Nothing answers at ${url}. Is the server running (npm start)? ATTUNE_URL says where to look.`, { cause });
  });
  if (!response.ok || response.body === null) throw await refusalOf(response);
  const shown = activity(terminal, out);
  let bytes = 0;
  const counted = new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      bytes += chunk.length;
      shown.advance(chunk.length / 1024);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body), counted, createWriteStream(out));
  } catch (cause) {
    throw new CommandFailed(`${out} is not whole: the stream broke off, or it could not be written.`, { cause });
  } finally {
    shown.end();
  }
  return { file: out, bytes };
}

async function refusalOf(response: Response): Promise<CommandFailed> {
  const refusal = refusalSchema.safeParse(await response.json().catch(() => undefined));
  const [error] = refusal.data?.errors ?? [];
  return new CommandFailed(error === undefined ? `What answers is not Attune (HTTP status ${response.status}).` : `The server refused: ${error.message} (${error.extensions.code})`);
}
