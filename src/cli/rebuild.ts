import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { progress, table, type Terminal } from './terminal.js';

const fields = 'target state done total truthDigest rebuiltDigest';
const start = `mutation Rebuild($input: RebuildInput!) { rebuild(input: $input) { rebuilds { ${fields} } } }`;
const look = `query Rebuilds { rebuilds { ${fields} } }`;

const rebuildSchema = z.object({
  target: z.string(),
  state: z.enum(['RUNNING', 'DONE', 'FAILED']),
  done: z.number(),
  total: z.number(),
  truthDigest: z.string().nullable(),
  rebuiltDigest: z.string().nullable(),
});
export type RebuildReport = z.infer<typeof rebuildSchema>;
const startSchema = z.object({ rebuild: z.object({ rebuilds: z.array(rebuildSchema) }) });
const lookSchema = z.object({ rebuilds: z.array(rebuildSchema) });

const everyMs = 250;

/** Waits until all that was asked for is rebuilt. @throws CommandFailed where one fails */
export async function rebuild(client: Client, targets: readonly string[], terminal: Terminal): Promise<readonly RebuildReport[]> {
  let all: readonly RebuildReport[] = startSchema.parse(await client.request(start, { input: { targets: targets.length === 0 ? null : targets } })).rebuild.rebuilds;
  const wanted = new Set(all.map(it => it.target));
  const sum = (of: 'done' | 'total'): number => all.reduce((total, it) => total + it[of], 0);
  while (all.some(it => it.state === 'RUNNING' && it.total === 0)) all = await next(client, wanted);
  const bar = progress(terminal, 'rebuilt', sum('total'), 'customers');
  try {
    for (let shown = 0; ; all = await next(client, wanted)) {
      bar.advance(sum('done') - shown);
      shown = sum('done');
      if (all.every(it => it.state !== 'RUNNING')) break;
    }
  } finally {
    bar.end();
  }
  const failed = all.find(it => it.state === 'FAILED');
  if (failed !== undefined) throw new CommandFailed(`${failed.target} could not be rebuilt; the server's log says why.`);
  return all;
}

export function describeRebuilds(all: readonly RebuildReport[]): readonly string[] {
  return table([['', 'customers', 'digest', ''], ...all.map(it => [
    it.target.toLowerCase(), String(it.done), it.rebuiltDigest ?? '', it.truthDigest === it.rebuiltDigest ? 'as PostgreSQL' : `PostgreSQL ${it.truthDigest ?? ''}: customers have changed meanwhile`,
  ])]);
}

async function next(client: Client, wanted: ReadonlySet<string>): Promise<readonly RebuildReport[]> {
  await sleep(everyMs);
  return lookSchema.parse(await client.request(look, {})).rebuilds.filter(it => wanted.has(it.target));
}
