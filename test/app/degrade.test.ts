import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres.js';
import { migrate } from '../../src/platform/migrate.js';
import { createPool } from '../../src/platform/postgres.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis-server.js';
import { Gate, portOf } from './gate.js';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-degrade-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { url: databaseUrl } = await testDatabase();

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise(resolve => setTimeout(resolve, 20));
}

describe('without the threads that run models', () => {
  let server: ServerProcess;
  beforeAll(async () => {
    server = await startServerProcess({ dataFolder: path.join(folder, 'threads'), environment: { DATABASE_URL: databaseUrl, ATTUNE_MODEL_IN_PLACE_MICROSECONDS: '0' }, preload: path.join(import.meta.dirname, 'thread-killer.mjs') });
  }, 60_000);
  afterAll(async () => { await server.end('SIGKILL'); });

  interface Decided {
    readonly level: string;
    readonly versions: { readonly model: string | null };
    readonly slate: readonly unknown[];
  }
  const decide = async (customerId: string): Promise<Decided> =>
    (await ask(server, 'query P($id: ID!) { personalize(customerId: $id, placement: "product-recommendations", deadlineMs: 8000) { level versions { model } slate { item { id } } } }', { id: customerId })).data.personalize as Decided;

  it('decisions come as NO_MODEL, with a full slate, and as FULL again when the threads are back', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `walker-${i}`);
    await decide('first');
    const before = await Promise.all(ids.map(decide));
    const scored = ids.filter((_id, i) => before[i]?.versions.model !== null);
    expect(new Set(before.map(it => it.level))).toEqual(new Set(['FULL']));
    expect(scored.length).toBeGreaterThan(20);

    server.signal('SIGUSR2');
    await until(() => server.output().includes('killing'));
    const without = await Promise.all(scored.map(decide));
    expect(new Set(without.map(it => it.level))).toEqual(new Set(['NO_MODEL']));
    expect(new Set(without.map(it => it.slate.length))).toEqual(new Set([4]));

    server.signal('SIGUSR2');
    await until(() => server.output().includes('threads may live'));
    await until(async () => (await Promise.all(scored.map(decide))).every(it => it.level === 'FULL'));
  }, 60_000);
});

describe('without PostgreSQL', () => {
  const gate = new Gate();
  const capacity = 60;
  let postgres: EmbeddedPostgres;
  let pool: Pool;
  let shop: ShopServer;
  beforeAll(async () => {
    postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
    await migrate(postgres.url);
    await gate.open(portOf(postgres.url));
    pool = createPool({ databasePoolSize: 8, databaseTimeoutMs: 2000 }, { url: gate.to(postgres.url), onError: () => undefined });
    shop = await startShop({ pool, environment: { ATTUNE_DECISION_LOG_CAPACITY: String(capacity), ATTUNE_DECISION_LOG_PATIENCE_MS: '5000', ATTUNE_DECISION_DEADLINE_MS: '200' } });
    await furnish(shop, {
      features: [feature('likes_scarfs', { valueType: 'boolean' })],
      placements: [{ ...hero, policy: { kind: 'greedy' } }],
      ruleSets: [{ id: 'main', name: 'Main', rules: [rule('likes', { when: { feature: { name: 'likes_scarfs', operator: 'equals', value: true } }, items: { not: { item: { name: 'id', operator: 'equals', value: 'scarf' } } } })] }],
    });
  }, 60_000);
  afterAll(async () => {
    await shop.stop();
    await pool.end();
    await gate.close();
    await postgres.stop();
  }, 60_000);

  interface Decided {
    readonly id: string;
    readonly level: string;
    readonly selectedContent: { readonly id: string };
  }
  const decide = async (customerId: string): Promise<Decided | string> => {
    const { data, errors } = await shop.query('query P($id: ID!) { personalize(customerId: $id) { id level selectedContent { id } } }', { id: customerId }, shop.keys.server);
    return errors === undefined ? (data.personalize as Decided) : (errors[0]?.extensions.code ?? '');
  };
  const written = async (ids: readonly string[]): Promise<number> => (await pool.query('SELECT id FROM decisions WHERE id = ANY($1)', [ids])).rowCount ?? 0;

  it('decisions go on until the log is full, then wait, then fail; all that were answered are written when it returns, once', async () => {
    await shop.query('mutation S($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: 'ada', values: [{ name: 'likes_scarfs', value: true }] }] } });
    const answered: Decided[] = [];
    let isDown = false;
    const load = async (): Promise<void> => {
      while (!isDown) {
        const decided = await decide('ada');
        if (typeof decided !== 'string') answered.push(decided);
      }
    };
    const running = [load(), load(), load(), load()];
    await until(() => answered.length > 100);
    await Promise.all([gate.close(), postgres.stop()]);
    isDown = true;
    await Promise.all(running);

    while (shop.app.decisions.log.depth < capacity) {
      const decided = await decide('ada');
      if (typeof decided !== 'string') answered.push(decided);
      expect(decided).toMatchObject({ level: 'FULL', selectedContent: { id: 'scarf' } });
    }
    const late = await Promise.all([decide('ada'), decide('ada')]);
    expect(late).toEqual(['OVERLOADED', 'OVERLOADED']);
    expect(shop.app.decisions.log.depth).toBe(capacity);

    const patient = Promise.all(Array.from({ length: 20 }, () => decide('ada')));
    postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
    await gate.open(portOf(postgres.url));
    for (const decided of await patient) {
      expect(decided).toMatchObject({ level: 'FULL', selectedContent: { id: 'scarf' } });
      if (typeof decided !== 'string') answered.push(decided);
    }
    await shop.app.decisions.log.flush();
    const ids = answered.map(it => it.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(await written(ids)).toBe(ids.length);
  }, 60_000);

  it('a customer who was never seen here gets what the rules can say without knowing', async () => {
    await Promise.all([gate.close(), postgres.stop()]);
    expect(await decide(`new-${randomUUID()}`)).toMatchObject({ level: 'RULES_ONLY', selectedContent: { id: 'boots' } });
    postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
    await gate.open(portOf(postgres.url));
    await shop.app.decisions.log.flush();
    await until(async () => (await decide(`new-${randomUUID()}`) as Decided).level === 'FULL');
  }, 60_000);
});

describe('without Redis', () => {
  process.env['TEST_REDIS_URL'] = ''; // one of its own, which may be stopped
  const gate = new Gate();
  const databaseGate = new Gate();
  let redis: Awaited<ReturnType<typeof startRedis>>;
  let server: ServerProcess | undefined;
  beforeAll(async () => {
    redis = await startRedis(folder);
    if (redis === undefined) return;
    await gate.open(portOf(redis.url));
    await databaseGate.open(portOf(databaseUrl));
    const environment = { DATABASE_URL: databaseGate.to(databaseUrl), REDIS_URL: gate.to(redis.url), ATTUNE_DECISION_DEADLINE_MS: '1000', DATABASE_TIMEOUT_MS: '1000' };
    server = await startServerProcess({ dataFolder: path.join(folder, 'threads'), environment });
  }, 60_000);
  afterAll(async () => {
    await server?.end('SIGKILL');
    await gate.close();
    await databaseGate.close();
    await redis?.stop();
  });

  const statusOf = async (url: string): Promise<Readonly<Record<string, string>>> => {
    const { status, parts } = (await (await fetch(`${url}/api/v1/health`)).json()) as { status: string; parts: readonly { name: string; status: string }[] };
    return { all: status, ...Object.fromEntries(parts.map(it => [it.name, it.status])) };
  };

  it('PostgreSQL answers for it, then what was seen last, and health says what is down', async () => {
    if (server === undefined || redis === undefined) return;
    const { url, keys } = server;
    const { edges } = (await ask(server, '{ customers(first: 30) { edges { node { id } } } }')).data.customers as { edges: readonly { node: { id: string } }[] };
    const levels = async (): Promise<readonly string[]> => {
      const query = 'query M($ids: [ID!]!) { personalizeMany(customerIds: $ids, placement: "email-banner") { isStranger level } }';
      const { data } = await ask({ url, keys }, query, { ids: edges.map(it => it.node.id) });
      return (data.personalizeMany as readonly { level: string; isStranger: boolean }[]).map(it => `${it.level}${it.isStranger ? ' of a stranger' : ''}`);
    };
    const fresh = await levels();
    expect(fresh).toContain('FULL');
    expect(await statusOf(url)).toMatchObject({ all: 'up', 'online store': 'up', bus: 'up', database: 'up' });

    await Promise.all([gate.close(), redis.stop()]);
    expect(await levels()).toEqual(fresh);
    expect(await statusOf(url)).toMatchObject({ all: 'down', 'online store': 'down', bus: 'down', database: 'up', models: 'up' });
    expect((await fetch(`${url}/api/v1/health/ready`)).status).toBe(200);

    await databaseGate.close();
    expect(new Set(await levels())).toEqual(new Set(['STALE_FEATURES']));
    expect(await statusOf(url)).toMatchObject({ database: 'down' });

    await databaseGate.open(portOf(databaseUrl));
    redis = await startRedis(folder);
    await gate.open(portOf(redis?.url ?? ''));
    await until(async () => (await statusOf(url))['all'] === 'up');
    expect(await levels()).toEqual(fresh);
  }, 60_000);
});
