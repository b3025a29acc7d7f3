import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/kernel/random.js';
import { testDatabase } from '../support/postgres.js';
import { startRedisNode } from '../support/redis-node.js';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';

/** How often each test kills a process; KILLS=10 for the long proof. */
const kills = Number(process.env['KILLS'] ?? 2);
const folder = await mkdtemp(path.join(tmpdir(), 'attune-killed-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const random = seededRandom(5);
const customers = Array.from({ length: 40 }, (_, i) => `killed-${i}`);
const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)];
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

interface Sent {
  readonly id: string;
  readonly customerId: string;
  readonly value: number;
}

/** Sends events until it is stopped, to any process that runs; what was not answered is sent again, as a client would. */
class Load {
  readonly acknowledged: Sent[] = [];
  duplicates = 0;
  readonly #servers: ServerProcess[];
  readonly #senders: readonly Promise<void>[];
  #count = 0;
  #stopped = false;

  constructor(servers: ServerProcess[]) {
    this.#servers = servers;
    this.#senders = Array.from({ length: 6 }, () => this.#send());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }

  async #send(): Promise<void> {
    while (!this.#stopped) {
      const batch = Array.from({ length: 1 + Math.floor(random() * 8) }, (): Sent => ({ id: `k${this.#count++}`, customerId: pick(customers) ?? '', value: Math.floor(random() * 100) }));
      while (!(await this.#isTaken(batch))) await pause(20);
    }
  }

  async #isTaken(batch: readonly Sent[]): Promise<boolean> {
    const server = pick(this.#servers);
    if (server === undefined) return false;
    const events = batch.map(({ id, customerId, value }) => ({ id, customerId, type: 'purchase', properties: { value } }));
    try {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${server.keys.server}` };
      const response = await fetch(`${server.url}/api/v1/events`, { method: 'POST', headers, body: JSON.stringify(events) });
      const { accepted, duplicates } = (await response.json()) as { readonly accepted: number; readonly duplicates: number };
      this.duplicates += duplicates;
      if (accepted + duplicates !== batch.length) return false;
      this.acknowledged.push(...batch);
      return true;
    } catch {
      return false; // it was killed
    }
  }
}

/** Kills one of some processes again and again under load, and starts it anew. */
async function underKills(databaseUrl: string, processes: number, redisUrl?: string): Promise<{ readonly load: Load; readonly servers: readonly ServerProcess[] }> {
  const dataFolder = path.join(folder, redisUrl === undefined ? 'alone' : 'together');
  const start = (): Promise<ServerProcess> => startServerProcess({ dataFolder, environment: { DATABASE_URL: databaseUrl, LOG_LEVEL: 'silent', ...(redisUrl !== undefined && { REDIS_URL: redisUrl }) } });
  const servers: ServerProcess[] = [];
  for (let i = 0; i < processes; i++) servers.push(await start());
  const [first] = servers;
  if (first === undefined) throw new Error('No process was started');
  for (const [name, of] of [['killed_count', 'function: count'], ['killed_sum', 'function: sum, property: "value"']] as const) {
    const { errors } = await ask(first, `mutation { upsertFeatureDefinition(input: { name: "${name}", valueType: number, ttlMs: 3600000, aggregate: { ${of}, event: "purchase", windowMs: 2592000000 } }) { configurationVersion } }`);
    expect(errors).toBeUndefined();
  }
  const load = new Load(servers);
  for (let i = 0; i < kills; i++) {
    await pause(200 + random() * 800);
    const [victim] = servers.splice(Math.floor(random() * servers.length), 1);
    await victim?.end('SIGKILL');
    servers.push(await start());
  }
  await pause(300);
  await load.stop();
  return { load, servers };
}

describe.each([['in process', 1, await testDatabase(), false], ['two processes with Redis', 2, await testDatabase(), true]] as const)('events, %s, killed under load', (_what, processes, { pool, url }, withRedis) => {
  it('are each there once where they were acknowledged, and each counter equals a recount from the log', async () => {
    const redis = withRedis ? await startRedisNode() : undefined;
    const { load, servers } = await underKills(url, processes, redis?.url);
    try {
      expect(load.acknowledged.length).toBeGreaterThan(50);
      const { rows: logged } = await pool.query<{ id: string; customer: string; value: number; times: number }>(
        `SELECT id, min(customer_id) AS customer, min((properties ->> 'value')::int) AS value, count(*)::int AS times FROM events WHERE customer_id LIKE 'killed-%' GROUP BY id`,
      );
      const byId = new Map(logged.map(it => [it.id, it]));
      expect(load.acknowledged.filter(({ id, customerId, value }) => {
        const row = byId.get(id);
        return row?.times !== 1 || row.customer !== customerId || row.value !== value;
      })).toEqual([]);
      const behind = async (): Promise<number> => (await pool.query('SELECT FROM customers WHERE projected_version < version')).rowCount ?? 0;
      for (let i = 0; i < 400 && (await behind()) > 0; i++) await pause(50);
      expect(await behind()).toBe(0);
      const [server] = servers;
      if (server === undefined) throw new Error('No process is left');
      for (const customer of customers) {
        const events = logged.filter(it => it.customer === customer);
        if (events.length === 0) continue;
        const { data } = await ask(server, 'query C($id: ID!) { customer(id: $id) { features { name value } } }', { id: customer });
        const features = (data.customer?.features ?? []) as readonly { readonly name: string; readonly value: unknown }[];
        const counted = Object.fromEntries(features.filter(it => it.name.startsWith('killed_')).map(it => [it.name, it.value]));
        expect(counted).toEqual({ killed_count: events.length, killed_sum: events.reduce((sum, it) => sum + it.value, 0) });
      }
    } finally {
      await Promise.all(servers.map(it => it.end('SIGTERM')));
      await redis?.kill();
    }
  }, 60_000 + kills * 30_000);
});
