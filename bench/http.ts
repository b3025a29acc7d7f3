import { startChild, type Child } from './child.js';
import { personalizeDocument, personalizeManyDocument } from './documents.js';
import type { Figure } from './figure.js';
import type { Load, LoadResult } from './load-generator.js';
import { median } from './measure.js';
import { startAttune, type AttuneServer, type Shop } from './shop.js';

export interface Length {
  readonly rounds: number;
  readonly seconds: number;
}

interface Contender {
  readonly name: string;
  readonly url: string;
  readonly bodies: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
}

/** Over its rounds. */
interface Score {
  readonly perSecond: number;
  readonly results: readonly LoadResult[];
}

const connections = 32;
const connectionsOfMany = 4;
const customersOfMany = 100;
const warmUpSeconds = 3;

/** One decision a request, by GraphQL and by REST. */
export async function benchPersonalize(shop: Shop, length: Length): Promise<readonly Figure[]> {
  return withServers(shop, async ({ attune, floor, generator }) => {
    const rest = shop.customerIds.map(customerId => JSON.stringify({ customerId }));
    const graphql = shop.customerIds.map(customerId => JSON.stringify({ query: personalizeDocument, variables: { customerId } }));
    const { headers } = shop;
    const [bare, byRest, constant, byGraphql] = await race(generator, connections, length, [
      { name: 'bare Fastify', url: `${floor}/floor`, bodies: rest, headers },
      { name: 'personalize by REST', url: `${attune.url}/api/v1/personalize`, bodies: rest, headers },
      { name: 'constant Apollo', url: `${floor}/graphql`, bodies: graphql, headers },
      { name: 'personalize by GraphQL', url: `${attune.url}/graphql`, bodies: graphql, headers },
    ] as const);
    const levels = await levelsOf(attune);
    return [
      figureOf('personalize by GraphQL', byGraphql, { name: 'constant Apollo', of: constant, atLeast: 0.5 }, levels),
      figureOf('personalize by REST', byRest, { name: 'bare Fastify', of: bare, atLeast: 0.3 }, levels),
    ];
  });
}

/** 100 decisions a request. */
export async function benchPersonalizeMany(shop: Shop, length: Length): Promise<readonly Figure[]> {
  return withServers(shop, async ({ attune, floor, generator }) => {
    const bodies = shop.customerIds.map((_, i) => {
      const customerIds = Array.from({ length: customersOfMany }, (__, k) => shop.customerIds[(i * 7 + k) % shop.customerIds.length]);
      return JSON.stringify({ query: personalizeManyDocument, variables: { customerIds } });
    });
    const { headers } = shop;
    const [constant, many] = await race(generator, connectionsOfMany, length, [
      { name: 'constant Apollo', url: `${floor}/graphql`, bodies, headers },
      { name: 'personalizeMany', url: `${attune.url}/graphql`, bodies, headers },
    ] as const);
    const decisions = many.perSecond * customersOfMany;
    return [{
      name: `personalizeMany of ${customersOfMany}`,
      value: decisions,
      unit: 'decisions/s',
      floor: { name: 'constant Apollo', value: constant.perSecond * customersOfMany, ratios: ratiosOf(many.results, constant.results) },
      goal: { of: 'value', atLeast: 15_000 },
      note: `p99 ${median(many.results.map(it => it.p99))} ms a request, ${connectionsOfMany} connections; ${await levelsOf(attune)}`,
    }];
  });
}

interface Servers {
  readonly attune: AttuneServer;
  readonly floor: string;
  readonly generator: Child;
}

async function withServers<T>(shop: Shop, work: (servers: Servers) => Promise<T>): Promise<T> {
  const floor = startChild('floor-server.ts');
  const generator = startChild('load-generator.ts');
  const attune = await startAttune(shop);
  try {
    return await work({ attune, generator, floor: await floor.ask<string>({}) });
  } finally {
    await Promise.all([attune.stop(), floor.stop(), generator.stop()]);
  }
}

/** Round after round, each contender in turn, forwards and backwards, so that a busy moment of the machine meets all of them. */
async function race<T extends readonly Contender[]>(generator: Child, connectionsOfEach: number, { rounds, seconds }: Length, contenders: T): Promise<{ [K in keyof T]: Score }> {
  const run = ({ url, bodies, headers }: Contender, time: number): Promise<LoadResult> =>
    generator.ask<LoadResult>({ url, bodies, headers, connections: connectionsOfEach, seconds: time } satisfies Load);
  for (const it of contenders) await run(it, warmUpSeconds);
  const results = contenders.map((): LoadResult[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, contender] of round % 2 === 0 ? [...contenders.entries()] : [...contenders.entries()].reverse()) {
      const result = await run(contender, seconds);
      if (result.failures > 0 || result.answers === 0) throw new Error(`${contender.name}: ${result.failures} requests failed, ${result.answers} were answered`);
      results[i]?.push(result);
    }
  }
  return results.map(it => ({ perSecond: median(it.map(({ perSecond }) => perSecond)), results: it })) as { [K in keyof T]: Score };
}

function figureOf(name: string, { perSecond, results }: Score, floor: { readonly name: string; readonly of: Score; readonly atLeast: number }, levels: string): Figure {
  const [p50, p99, bytes] = [median(results.map(it => it.p50)), median(results.map(it => it.p99)), median(results.map(it => it.bytesOfAnswer))];
  return {
    name,
    value: perSecond,
    unit: 'requests/s',
    floor: { name: floor.name, value: floor.of.perSecond, ratios: ratiosOf(results, floor.of.results) },
    goal: { of: 'ratio', atLeast: floor.atLeast },
    note: `p50 ${p50} ms, p99 ${p99} ms, ${connections} connections; ${Math.round(bytes)} bytes, floor ${Math.round(median(floor.of.results.map(it => it.bytesOfAnswer)))}; ${levels}`,
  };
}

function ratiosOf(ours: readonly LoadResult[], floor: readonly LoadResult[]): readonly number[] {
  return ours.map((it, round) => it.perSecond / (floor[round]?.perSecond ?? Number.NaN));
}

/** Warming up included: FULL 99.97 %, STALE_FEATURES 0.03 %. @throws Error where nothing was decided */
async function levelsOf(server: AttuneServer): Promise<string> {
  const levels = Object.entries(await server.decisionsByLevel()).filter(([, count]) => count > 0);
  const all = levels.reduce((sum, [, count]) => sum + count, 0);
  if (all === 0) throw new Error('The server has decided nothing');
  return levels.map(([level, count]) => `${level} ${((100 * count) / all).toFixed(2)} %`).join(', ');
}
