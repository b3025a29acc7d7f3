import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import type { Figure } from './figure.js';
import { median, quantile } from './measure.js';
import type { OnlineRecord } from '../src/customers/online-record.js';
import { OnlineRecords } from '../src/customers/online-records.js';
import { RedisOnlineStore } from '../src/customers/online-store.redis.js';
import type { FeatureDefinition } from '../src/features/feature.js';
import { OnlineFeatures } from '../src/features/online-features.js';
import { startRedis } from '../test/support/redis-server.js';

const tenantId = 'bench';
const customers = 1000;
const callers = 32;
const counts = [1, 100] as const;
const now = 1_770_000_000_000;
const names = Array.from({ length: 30 }, (_, k) => `feature_number_${k}`);
const ids = Array.from({ length: customers }, (_, i) => `customer-${i}`);
const valueOf = (i: number, k: number): number => ((i * 31 + k * 17) % 1000) / 1000;

type Read = (customerIds: readonly string[]) => Promise<unknown>;

/** 32 callers at once read 30 features, with status, age and version, beside a pipeline of HMGET that fetches the values alone and does nothing with them. */
export async function benchFeatures({ seconds, rounds }: { readonly seconds: number; readonly rounds: number }): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-bench-'));
  const server = await startRedis(folder);
  if (server === undefined) throw new Error('There is no Redis to read from');
  // Without a time limit: what is late is to be seen, not left out.
  const redis = new Redis(server.url, { enableAutoPipelining: false });
  try {
    const store = new RedisOnlineStore(redis);
    await store.write(tenantId, ids.map(recordOf));
    const hashes = redis.pipeline();
    ids.forEach((id, i) => hashes.hset(`hash:${id}`, Object.fromEntries(names.map((it, k) => [it, String(valueOf(i, k))]))));
    await hashes.exec();
    const records = new OnlineRecords({ store, source: { load: async () => { throw new Error('Every record is in Redis'); } }, onFailure: error => { throw error; }, copies: customers, now: () => 0 });
    const definitions: ReadonlyMap<string, FeatureDefinition> = new Map(names.map(name => [name, { name, description: '', valueType: 'number', ttlMs: 3_600_000 }]));
    const online = new OnlineFeatures({
      read: async (tenant, some) => (await records.read(tenant, some, 5000)).map(it => it.record),
      catalogue: { definitions: async () => definitions },
      now: () => now + customers,
    });
    const ours: Read = async some => {
      const read = await online.read(tenantId, some, names);
      if (read.length !== some.length || read[0]?.features[0]?.status !== 'FRESH') throw new Error('A feature was not read');
    };
    const raw: Read = async some => {
      const commands = redis.pipeline();
      for (const id of some) commands.hmget(`hash:${id}`, ...names);
      return commands.exec();
    };
    const figures: Figure[] = [];
    for (const count of counts) figures.push(...await figuresOf(count, { ours, raw }, { seconds, rounds }));
    return figures;
  } finally {
    redis.disconnect();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function figuresOf(count: number, { ours, raw }: { readonly ours: Read; readonly raw: Read }, { seconds, rounds }: { readonly seconds: number; readonly rounds: number }): Promise<readonly Figure[]> {
  const runs = { ours: [] as Run[], raw: [] as Run[] };
  await crowd(ours, count, 0.5);
  await crowd(raw, count, 0.5);
  for (let i = 0; i < rounds; i++) {
    runs.ours.push(await crowd(ours, count, seconds));
    runs.raw.push(await crowd(raw, count, seconds));
  }
  const rate = (of: readonly Run[]): number => median(of.map(it => it.perSecond));
  const p99 = (of: readonly Run[]): number => median(of.map(it => it.p99));
  const name = `features of ${count} × ${names.length}`;
  return [
    { name, value: rate(runs.ours), unit: 'reads/s', floor: { name: 'raw pipeline of HMGET', value: rate(runs.raw) }, goal: { of: 'ratio', atLeast: 0.6 } },
    { name: `${name}, p99`, value: p99(runs.ours), unit: 'ms', floor: { name: 'raw pipeline of HMGET', value: p99(runs.raw) }, goal: { of: 'value', atMost: 10 }, note: `${callers} at once` },
  ];
}

interface Run {
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p99: number;
}

/** Each caller asks again as soon as it has been answered. */
async function crowd(read: Read, count: number, seconds: number): Promise<Run> {
  const times: number[] = [];
  const started = performance.now();
  const end = started + seconds * 1000;
  await Promise.all(Array.from({ length: callers }, async (_, caller) => {
    for (let from = caller * 31; performance.now() < end; from += 13 * count) {
      const asked = performance.now();
      await read(Array.from({ length: count }, (_unused, i) => ids[(from + i * 7) % customers] ?? ''));
      times.push(performance.now() - asked);
    }
  }));
  return { perSecond: (times.length * 1000) / (performance.now() - started), p99: quantile(times, 0.99) };
}

function recordOf(customerId: string, i: number): OnlineRecord {
  const features = Object.fromEntries(names.map((name, k) => [name, { value: valueOf(i, k), at: now + i }]));
  return { customerId, known: true, version: 1, attributes: { favouriteCategory: 'shoes' }, features, segments: ['newcomers'], consents: {} };
}
