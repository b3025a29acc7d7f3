import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Figure } from './figure.js';
import { median, quantile } from './measure.js';
import { OnlineRecords } from '../src/customers/online-records.js';
import type { OnlineRecord } from '../src/customers/online-record.js';
import { RedisOnlineStore } from '../src/customers/online-store.redis.js';
import { connectRedis } from '../src/platform/redis.js';
import { startRedis } from '../test/support/redis-server.js';

const tenantId = 'bench';
const customers = 1000;
const featuresOfEach = 20;
const counts = [1, 100] as const;
const calls = 2000;

/** What gathers customers for decisions, beside commands that fetch the same values and do nothing with them. */
export async function benchGather(): Promise<readonly Figure[]> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-bench-'));
  const server = await startRedis(folder);
  if (server === undefined) throw new Error('There is no Redis to gather from');
  const redis = await connectRedis(server.url, () => undefined);
  try {
    const store = new RedisOnlineStore(redis.commands);
    const ids = Array.from({ length: customers }, (_, i) => `customer-${i}`);
    const before = new Set(await redis.commands.keys('*'));
    await store.write(tenantId, ids.map(recordOf));
    const keys = (await redis.commands.keys('*')).filter(it => !before.has(it));
    if (keys.length !== customers) throw new Error(`${customers} records have ${keys.length} keys`);
    const records = new OnlineRecords({ store, source: { load: async () => { throw new Error('Every record is in Redis'); } }, onFailure: error => { throw error; }, copies: customers, now: () => 0 });
    const figures: Figure[] = [];
    for (const count of counts) {
      const [ours, pipeline, mget] = await timesOf(count, {
        gather: async from => {
          const read = await records.read(tenantId, around(ids, from, count), 1000);
          if (read.some(it => it.source !== 'store')) throw new Error('A record was not in Redis');
        },
        pipeline: async from => {
          const commands = redis.commands.pipeline();
          for (const key of around(keys, from, count)) commands.get(key);
          await commands.exec();
        },
        mget: from => redis.commands.mget(around(keys, from, count)),
      });
      figures.push({
        name: `gather ${count} × ${featuresOfEach} features`,
        value: ours.median,
        unit: 'ms',
        floor: { name: 'raw pipeline of GET', value: pipeline.median },
        goal: { of: 'ratio', atMost: 1.3 },
        note: `p99 ${ours.p99.toFixed(2)} ms; raw MGET ${mget.median.toPrecision(3)} ms; the raw ones do not read what they get`,
      });
    }
    return figures;
  } finally {
    await redis.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function recordOf(customerId: string, i: number): OnlineRecord {
  const features = Object.fromEntries(Array.from({ length: featuresOfEach }, (_, k) => [`feature_${k}`, { value: ((i * 31 + k * 17) % 100) / 100, at: 1_770_000_000_000 + i }]));
  return { customerId, known: true, version: 1, attributes: { favouriteCategory: 'shoes' }, features, segments: ['newcomers'], consents: {} };
}

const around = (all: readonly string[], from: number, count: number): string[] => Array.from({ length: count }, (_, i) => all[(from + i * 7) % all.length] ?? '');

type Work = (from: number) => Promise<unknown>;

interface Times {
  /** Milliseconds of a call. */
  readonly median: number;
  readonly p99: number;
}

/** One call of each in turn. */
async function timesOf(count: number, works: { readonly gather: Work; readonly pipeline: Work; readonly mget: Work }): Promise<readonly [Times, Times, Times]> {
  const all = [works.gather, works.pipeline, works.mget] as const;
  const times: readonly [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < calls * 1.5; i++) {
    for (const [k, work] of all.entries()) {
      const started = performance.now();
      await work((i * 13 * count) % customers);
      if (i >= calls / 2) times[k]?.push(performance.now() - started);
    }
  }
  const summed = (of: readonly number[]): Times => ({ median: median(of), p99: quantile(of, 0.99) });
  return [summed(times[0]), summed(times[1]), summed(times[2])];
}
