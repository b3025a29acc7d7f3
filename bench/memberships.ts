import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { Redis } from 'ioredis';
import type { Pool } from 'pg';
import { WebSocket } from 'ws';
import { startChild } from './child.js';
import type { CustomersMemory } from './customers-memory.js';
import type { Figure } from './figure.js';
import { median, quantile } from './measure.js';
import { startAttune, type AttuneServer } from './shop.js';
import type { Condition } from '../src/conditions/condition.js';
import { features } from '../src/features/feature.schema.js';
import { MemoryBus } from '../src/platform/bus.memory.js';
import { startEmbeddedPostgres } from '../src/platform/embedded-postgres.js';
import { migrate } from '../src/platform/migrate.js';
import { createPool, createPrisma } from '../src/platform/postgres.js';
import { segments } from '../src/segments/segment.schema.js';
import { put } from '../src/tenants/definition-kind.js';
import { PostgresDefinitions } from '../src/tenants/definitions.postgres.js';
import { PostgresTenants } from '../src/tenants/tenants.postgres.js';
import { startRedis } from '../test/support/redis-server.js';

export interface MembershipsLength {
  readonly customers: number;
  readonly events: number;
}

interface World {
  readonly pool: Pool;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly length: MembershipsLength;
}

const tenantId = 'bench';
const sizes = [10, 100, 1000] as const;
/** Segments that read what a page view changes. */
const touched = 5;
const day = 86_400_000;
const patienceMs = 10_000;
const runs = 5;

/** From an event to a pushed membership, with many customers and segments; all customers evaluated; and what a customer takes in the process. */
export async function benchMemberships(length: MembershipsLength): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-bench-'));
  const postgres = await startEmbeddedPostgres({ folder: path.join(folder, 'postgres') });
  const redis = await startRedis(folder);
  const pool = createPool({ databasePoolSize: 2, databaseTimeoutMs: 600_000 }, { url: postgres.url, onError: () => undefined });
  try {
    if (redis === undefined) throw new Error('There is no Redis for the messages');
    await migrate(postgres.url);
    const world: World = { pool, redisUrl: redis.url, databaseUrl: postgres.url, headers: { authorization: `Bearer ${await provision(pool)}` }, length };
    await fill(pool, length.customers);
    const figures: Figure[] = [];
    for (const size of sizes) figures.push(...(await eventFigures(world, size)));
    return [...figures, ...(await evaluationFigures(world)), await memoryFigure(length.customers)];
  } finally {
    await pool.end();
    await redis?.stop();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function provision(pool: Pool): Promise<string> {
  const prisma = createPrisma(pool);
  const { admin } = await new PostgresTenants(prisma).provision({ id: tenantId, name: 'Benchmark' });
  await prisma.$disconnect();
  if (admin.credential === null) throw new Error('An admin key has a credential');
  return admin.credential;
}

async function fill(pool: Pool, customers: number): Promise<void> {
  await pool.query(
    `INSERT INTO customers (tenant_id, id, attributes, projected_version)
     SELECT $1, 'customer-' || i, jsonb_build_object('plan', 'p' || i % 50, 'score', (i * 7919 % 1000)::float8 / 1000), 1 FROM generate_series(0, $2::int - 1) AS i`,
    [tenantId, customers],
  );
  await pool.query('CREATE TABLE bare_events (id text PRIMARY KEY, at timestamptz NOT NULL, customer_id text NOT NULL, type text NOT NULL, properties jsonb NOT NULL)');
  await pool.query('VACUUM ANALYZE customers');
}

/** None of the customers is in any of them: that is what they are settled with. */
async function define(pool: Pool, size: number): Promise<void> {
  const conditionOf = (i: number): Condition =>
    i < touched ? { feature: { name: 'page_views', operator: 'greaterThan', value: i } } : { attribute: { name: 'plan', operator: 'equals', value: `none-${i}` } };
  await new PostgresDefinitions(pool, new MemoryBus(() => undefined), () => undefined).change(tenantId, 'bench', [
    put(features, 'page_views', { name: 'page_views', description: '', valueType: 'number', ttlMs: 30 * day, aggregate: { function: 'count', event: 'page_view', windowMs: 30 * day } }),
    ...Array.from({ length: size }, (_, i) => put(segments, `s${i}`, { id: `s${i}`, name: `s${i}`, description: '', condition: conditionOf(i) })),
  ]);
  await pool.query('UPDATE customers SET rules_version = attune_rules_version($1) WHERE tenant_id = $1', [tenantId]);
  await pool.query('VACUUM ANALYZE customers');
}

async function eventFigures(world: World, size: (typeof sizes)[number]): Promise<readonly Figure[]> {
  await define(world.pool, size);
  const attune = await startAttune(world);
  const waiting = new Map<string, (at: number) => void>();
  const client = createClient({ url: `${attune.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: world.headers });
  const floor = await openFloor(world);
  try {
    client.subscribe<{ readonly segmentChanges: { readonly customerId: string | null } }>({ query: 'subscription { segmentChanges(segment: "s0") { customerId } }' }, {
      next: ({ data }) => {
        const id = data?.segmentChanges.customerId;
        if (typeof id === 'string') waiting.get(id)?.(performance.now());
      },
      error: () => undefined,
      complete: () => undefined,
    });
    await sleep(500);
    const [fromPost, fromAcknowledged, bare]: [number[], number[], number[]] = [[], [], []];
    const warmUp = 20;
    for (let i = -warmUp; i < world.length.events; i++) {
      const customerId = `customer-${sizes.indexOf(size) * (world.length.events + warmUp) + i + warmUp}`;
      const posted = performance.now();
      const pushed = new Promise<number>(resolve => { waiting.set(customerId, resolve); });
      await post(attune, world, customerId);
      const acknowledged = performance.now();
      const at = await Promise.race([pushed, sleep(patienceMs, Number.NaN)]);
      if (Number.isNaN(at)) throw new Error(`${customerId} has entered nothing`);
      waiting.delete(customerId);
      const least = await floor.once(customerId);
      if (i < 0) continue;
      fromPost.push(at - posted);
      fromAcknowledged.push(Math.max(0, at - acknowledged));
      bare.push(least);
    }
    const all = `${world.length.customers.toLocaleString('en')} customers, ${size.toLocaleString('en')} segments, ${touched} of which the event can touch`;
    return [
      {
        name: `acknowledged event → pushed membership, p99, ${size} segments`, value: quantile(fromAcknowledged, 0.99), unit: 'ms', goal: { of: 'value', atMost: 1000 },
        note: `p50 ${median(fromAcknowledged).toPrecision(3)} ms; ${all}`,
      },
      {
        name: `event sent → pushed membership, p50, ${size} segments`, value: median(fromPost), unit: 'ms', floor: { name: 'insert of one event, and a message of Redis', value: median(bare) },
        note: `p99 ${quantile(fromPost, 0.99).toPrecision(3)} ms, of the floor ${quantile(bare, 0.99).toPrecision(3)} ms`,
      },
    ];
  } finally {
    await client.dispose();
    await floor.close();
    await attune.stop();
  }
}

async function post({ url }: AttuneServer, { headers }: World, customerId: string): Promise<void> {
  const event = { id: `e-${customerId}`, at: new Date().toISOString(), customerId, type: 'page_view', properties: { sessionId: 's1', pageUrl: 'https://shop.example/p/1', userAgent: 'Mozilla/5.0', metadata: {} } };
  const response = await fetch(`${url}/api/v1/events`, { method: 'POST', headers: { ...headers, 'content-type': 'application/x-ndjson' }, body: JSON.stringify(event) });
  const answer = await response.text();
  if (!response.ok || (JSON.parse(answer) as { readonly accepted: number }).accepted !== 1) throw new Error(`An event was not taken: ${answer}`);
}

interface Floor {
  /** Milliseconds until the message has come. */
  once(customerId: string): Promise<number>;
  close(): Promise<void>;
}

async function openFloor({ pool, redisUrl }: World): Promise<Floor> {
  const [publisher, subscriber] = [new Redis(redisUrl), new Redis(redisUrl)];
  await subscriber.subscribe('bare');
  return {
    async once(customerId) {
      const started = performance.now();
      const heard = new Promise(resolve => subscriber.once('message', resolve));
      await pool.query('INSERT INTO bare_events VALUES ($1, $2, $3, $4, $5)', [`${customerId}-${started}`, new Date(), customerId, 'page_view', { sessionId: 's1', pageUrl: 'https://shop.example/p/1' }]);
      await publisher.publish('bare', customerId);
      await heard;
      return performance.now() - started;
    },
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
    },
  };
}

const countSql = `SELECT count(*)::int AS count FROM customers WHERE tenant_id = $1 AND (attributes ->> 'score')::float8 > 0.5`;
const condition = '{ attribute: { name: "score", operator: greaterThan, value: 0.5 } }';

async function evaluationFigures(world: World): Promise<readonly Figure[]> {
  const { pool, length: { customers } } = world;
  await define(pool, sizes[0]);
  const attune = await startAttune(world);
  try {
    const [previews, counts]: [number[], number[]] = [[], []];
    for (let run = -1; run < runs; run++) {
      const [preview, { previewSegment }] = await timed(() => attune.query(`{ previewSegment(condition: ${condition}) { count } }`, {}) as Promise<{ readonly previewSegment: { readonly count: number } }>);
      const [count, { rows: [byHand] }] = await timed(() => pool.query<{ count: number }>(countSql, [tenantId]));
      if (previewSegment.count !== byHand?.count) throw new Error('The two count differently');
      if (run < 0) continue;
      previews.push(preview);
      counts.push(count);
    }
    const [applied] = await timed(async () => {
      await attune.query(`mutation { createSegment(input: { id: "new", name: "new", condition: ${condition} }) { configurationVersion } }`, {});
      const isBehind = async (): Promise<boolean> =>
        (await pool.query('SELECT FROM customers WHERE tenant_id = $1 AND (rules_version < attune_rules_version($1) OR projected_version < version) LIMIT 1', [tenantId])).rowCount === 1;
      while (await isBehind()) await sleep(100);
    });
    const { rows: [kept] } = await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM segment_members WHERE tenant_id = $1 AND segment_id = 'new'`, [tenantId]);
    const { rows: [byHand] } = await pool.query<{ count: number }>(countSql, [tenantId]);
    if (kept?.count !== byHand?.count) throw new Error('Not all have entered');
    const floor = { name: 'count written by hand', value: median(counts) };
    return [
      { name: 'one segment counted over all customers', value: median(previews), unit: 'ms', floor, note: `${customers.toLocaleString('en')} customers; with ten of them as a sample, and what they are in besides` },
      { name: 'one segment more, evaluated and kept for all customers', value: applied, unit: 'ms', floor, note: `${Math.round((customers * 1000) / applied).toLocaleString('en')} customers/s, each refreshed wholly, and told` },
    ];
  } finally {
    await attune.stop();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<readonly [ms: number, result: T]> {
  const started = performance.now();
  const result = await work();
  return [performance.now() - started, result];
}

async function memoryFigure(customers: number): Promise<Figure> {
  const child = startChild('customers-memory.ts');
  try {
    const { before, after, json } = await child.ask<CustomersMemory>({ customers });
    const kib = (bytes: number): number => bytes / customers / 1024;
    return {
      name: 'memory of a known customer in the process', value: kib(after.heapUsed - before.heapUsed), unit: 'KiB', floor: { name: 'the record as JSON', value: kib(json) },
      note: `heap; RSS ${kib(after.rss - before.rss).toPrecision(3)} KiB; ${customers.toLocaleString('en')} customers with 20 features each`,
    };
  } finally {
    await child.stop();
  }
}
