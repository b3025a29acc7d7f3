import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Client } from './client.js';
import { CommandFailed } from './failure.js';
import { progress, type Terminal } from './terminal.js';

const fields = 'id state total done changed failure startedAt finishedAt';
const start = `mutation Recompute { recomputeFeatures { recompute { ${fields} } } }`;
const look = `query Recomputing($id: ID!) { featureRecompute(id: $id) { ${fields} } }`;

const recomputeSchema = z.object({
  id: z.string(),
  state: z.enum(['RUNNING', 'DONE', 'FAILED']),
  total: z.number(),
  done: z.number(),
  changed: z.number(),
  failure: z.string().nullable(),
  startedAt: z.string(),
  finishedAt: z.string().nullable(),
});
export type RecomputeReport = z.infer<typeof recomputeSchema>;
const startSchema = z.object({ recomputeFeatures: z.object({ recompute: recomputeSchema }) });
const lookSchema = z.object({ featureRecompute: recomputeSchema.nullable() });

const everyMs = 250;

/**
 * Has all customers recounted, and waits until they are.
 * @throws CommandFailed where it ends before it is done
 */
export async function recompute(client: Client, terminal: Terminal): Promise<RecomputeReport> {
  let job = startSchema.parse(await client.request(start, {})).recomputeFeatures.recompute;
  while (job.state === 'RUNNING' && job.total === 0) job = await next(client, job.id);
  const bar = progress(terminal, 'recounted', job.total, 'customers');
  try {
    let shown = 0;
    for (; job.state === 'RUNNING'; job = await next(client, job.id)) {
      bar.advance(job.done - shown);
      shown = job.done;
    }
    bar.advance(job.done - shown);
  } finally {
    bar.end();
  }
  if (job.state === 'FAILED') throw new CommandFailed(`It ended after ${job.done} of ${job.total} customers. ${job.failure ?? 'The server that did it is gone.'}`);
  return job;
}

async function next(client: Client, id: string): Promise<RecomputeReport> {
  await sleep(everyMs);
  const { featureRecompute } = lookSchema.parse(await client.request(look, { id }));
  if (featureRecompute === null) throw new CommandFailed('The server knows nothing of it any more.');
  return featureRecompute;
}

export function describeRecompute({ done, changed, startedAt, finishedAt }: RecomputeReport): string {
  const seconds = (Date.parse(finishedAt ?? startedAt) - Date.parse(startedAt)) / 1000;
  return `${done} customers recounted in ${seconds.toFixed(1)} s; ${changed} changed.`;
}
