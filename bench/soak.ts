import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type Memory } from './child.js';
import { personalizeDocument } from './documents.js';
import type { Figure } from './figure.js';
import type { Load, LoadResult } from './load-generator.js';
import { mean } from './measure.js';
import { startAttune, type Shop } from './shop.js';

export interface SoakLength {
  readonly seconds: number;
  /** Between looks at the memory. */
  readonly stepSeconds: number;
}

const megabyte = 2 ** 20;
/** Growth of the second half over the first that counts as flat. */
const flat = 1.1;

/** Memory of the server under load: what is left after a collection of the garbage, in the second half beside the first. */
export async function benchSoak(shop: Shop, { seconds, stepSeconds }: SoakLength): Promise<readonly Figure[]> {
  const server = await startAttune(shop);
  const generator = startChild('load-generator.ts');
  try {
    const bodies = shop.customerIds.map(customerId => JSON.stringify({ query: personalizeDocument, variables: { customerId } }));
    const load = (time: number): Promise<LoadResult> =>
      generator.ask<LoadResult>({ url: `${server.url}/graphql`, headers: shop.headers, bodies, connections: 32, seconds: time } satisfies Load);
    await load(stepSeconds);
    const underLoad = load(seconds);
    const samples: Memory[] = [];
    for (let at = 0; at < seconds; at += stepSeconds) {
      await sleep(stepSeconds * 1000);
      samples.push(await server.child.ask<Memory>({}));
    }
    const { answers, failures } = await underLoad;
    if (failures > 0) throw new Error(`${failures} requests failed`);
    return [figureOf('heap', samples.map(it => it.heapUsed)), figureOf('external memory', samples.map(it => it.external)), figureOf('RSS', samples.map(it => it.rss))]
      .map(it => ({ ...it, note: `${it.note ?? ''}; ${samples.length} looks in ${seconds} s, ${answers} decisions` }));
  } finally {
    await Promise.all([server.stop(), generator.stop()]);
  }
}

function figureOf(name: string, bytes: readonly number[]): Figure {
  const inMegabytes = bytes.map(it => it / megabyte);
  const half = Math.floor(inMegabytes.length / 2);
  return {
    name: `${name} under load`,
    value: mean(inMegabytes.slice(half)),
    unit: 'MiB',
    floor: { name: 'the first half', value: mean(inMegabytes.slice(0, half)) },
    goal: { of: 'ratio', atMost: flat },
    note: `from ${inMegabytes[0]?.toFixed(1) ?? ''} to ${inMegabytes.at(-1)?.toFixed(1) ?? ''}, at most ${Math.max(...inMegabytes).toFixed(1)}`,
  };
}
