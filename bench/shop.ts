import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Pool } from 'pg';
import { startChild, type Child } from './child.js';
import { featureNames, modelInputs, scenarioConfiguration } from './scenario.js';
import { items } from '../src/content/item.schema.js';
import { placements } from '../src/content/placement.schema.js';
import { experiments } from '../src/experiments/experiment.schema.js';
import { features } from '../src/features/feature.schema.js';
import { columnsOf } from '../src/models/input-contract.js';
import { PostgresModelArtifacts } from '../src/models/model-artifacts.postgres.js';
import { models } from '../src/models/model.schema.js';
import { encodeLogisticAsOnnx } from '../src/models/onnx-logistic.js';
import { MemoryBus } from '../src/platform/bus.memory.js';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.js';
import { migrate } from '../src/platform/migrate.js';
import { createPool, createPrisma } from '../src/platform/postgres.js';
import { ruleSets } from '../src/rules/rule-set.schema.js';
import { segments } from '../src/segments/segment.schema.js';
import { put } from '../src/tenants/definition-kind.js';
import { PostgresDefinitions } from '../src/tenants/definitions.postgres.js';
import { PostgresTenants } from '../src/tenants/tenants.postgres.js';

/** A database with one tenant, as scenario.ts says, and customers with features; servers are started on it. */
export interface Shop {
  readonly databaseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly customerIds: readonly string[];
  stop(): Promise<void>;
}

export interface AttuneServer {
  readonly url: string;
  readonly child: Child;
  /** The answer's data. @throws Error where it holds errors */
  readonly query: (document: string, variables: object) => Promise<Readonly<Record<string, unknown>>>;
  /** Decisions so far, by level. */
  decisionsByLevel(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

export const tenantId = 'bench';
const customers = 1000;
/** Of another placement, whose decisions follow the model alone: what changes for its subscribers is known beforehand. */
export const feedPlacement = 'feed';

export async function openShop(): Promise<Shop> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
  const stop = async (): Promise<void> => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await migrate(postgres.url);
    const pool = createPool({ databasePoolSize: 2, databaseTimeoutMs: 10_000 }, { url: postgres.url, onError: () => undefined });
    const key = await furnish(pool);
    await pool.end();
    const headers = { authorization: `Bearer ${key}` };
    const customerIds = Array.from({ length: customers }, (_, i) => `customer-${i}`);
    const shop: Shop = { databaseUrl: postgres.url, headers, customerIds, stop };
    const server = await startAttune(shop);
    await setFeatures(server, customerIds);
    await server.stop();
    return shop;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The tenant and its configuration; answers with the admin key. */
async function furnish(pool: Pool): Promise<string> {
  const prisma = createPrisma(pool);
  const { admin } = await new PostgresTenants(prisma).provision({ id: tenantId, name: 'Benchmark' });
  await prisma.$disconnect();
  const artifact = await new PostgresModelArtifacts(pool).put(tenantId, modelOfTaste());
  const it = scenarioConfiguration(tenantId, artifact);
  const hero = it.placements[0];
  if (hero === undefined) throw new Error('The scenario has a placement');
  const feed = { ...hero, id: feedPlacement, isDefault: false, policy: { kind: 'greedy' } } as const;
  await new PostgresDefinitions(pool, new MemoryBus(() => undefined), () => undefined).change(tenantId, 'bench', [
    ...it.features.map(feature => put(features, feature.name, feature)),
    ...it.segments.map(segment => put(segments, segment.id, segment)),
    ...it.items.map(item => put(items, item.id, item)),
    ...[...it.placements, feed].map(placement => put(placements, placement.id, placement)),
    ...it.ruleSets.map(ruleSet => put(ruleSets, ruleSet.id, ruleSet)),
    ...it.experiments.map(experiment => put(experiments, experiment.id, experiment)),
    ...it.models.map(model => put(models, model.id, model)),
  ]);
  if (admin.credential === null) throw new Error('An admin key has a credential');
  return admin.credential;
}

/** Nothing counts but the customer's affinity to the item's category. */
function modelOfTaste(): Uint8Array {
  const weights = modelInputs.flatMap(({ name, transform }) => Array.from({ length: columnsOf(transform) }, () => (name === 'affinity_{category}' ? 3 : 0.01)));
  return encodeLogisticAsOnnx({ weights: Float32Array.from(weights), bias: -2 });
}

export const setFeaturesDocument = 'mutation ($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }';

async function setFeatures({ query }: AttuneServer, customerIds: readonly string[]): Promise<void> {
  const values = (i: number): readonly object[] =>
    featureNames.map((name, k) => ({ name, value: name === 'age' ? 20 + (i % 50) : ((i * 31 + k * 17) % 100) / 100 }));
  const { setFeatures: done } = (await query(setFeaturesDocument, {
    input: { customers: customerIds.map((customerId, i) => ({ customerId, values: values(i) })) },
  })) as { readonly setFeatures: { readonly changedCustomers: number } };
  if (done.changedCustomers !== customerIds.length) throw new Error('Not all customers have got their features');
}

/** Of Node, by which `npm start` runs the server. */
async function startFlags(): Promise<readonly string[]> {
  const { scripts } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { readonly scripts: { readonly start: string } };
  return scripts.start.split(' ').filter(it => it.startsWith('--'));
}

export async function startAttune({ databaseUrl, headers, redisUrl }: Pick<Shop, 'databaseUrl' | 'headers'> & { readonly redisUrl?: string }): Promise<AttuneServer> {
  const child = startChild('attune-server.ts', { args: ['serve'], environment: { DATABASE_URL: databaseUrl, PORT: '0', LOG_LEVEL: 'warn', ...(redisUrl !== undefined && { REDIS_URL: redisUrl }) }, flags: await startFlags() });
  const url = await greeted(child);
  const text = async (address: string, init?: RequestInit): Promise<string> => {
    const response = await fetch(url + address, init);
    const body = await response.text();
    if (!response.ok) throw new Error(`${address} answered ${response.status}: ${body}`);
    return body;
  };
  return {
    url,
    child,
    query: async (query, variables) => {
      const body = JSON.stringify({ query, variables });
      const answer = JSON.parse(await text('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })) as {
        readonly data?: Readonly<Record<string, unknown>>;
        readonly errors?: unknown;
      };
      if (answer.data === undefined || answer.errors !== undefined) throw new Error(JSON.stringify(answer));
      return answer.data;
    },
    decisionsByLevel: async () => {
      const lines = (await text('/metrics')).matchAll(/^personalization_decisions_total\{level="(\w+)"\} (\d+)$/gm);
      return Object.fromEntries(Array.from(lines, ([, level = '', count]) => [level, Number(count)]));
    },
    stop: () => child.stop(),
  };
}

/** The address in the server's greeting. */
function greeted({ process: server }: Child): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stdout?.on('data', (chunk: Buffer) => {
      if (said.length < 10_000) said += chunk.toString();
      const url = /decides at (http:\S+)/.exec(said)?.[1];
      if (url !== undefined) resolve(url);
    });
    server.once('exit', () => { reject(new Error(`The server did not start:\n${said}`)); });
  });
}
