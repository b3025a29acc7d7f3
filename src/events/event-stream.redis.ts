import type { Cluster, Redis } from 'ioredis';
import { fnv1a32 } from '../kernel/hash.js';
import { MemoryEventStream } from './event-stream.memory.js';
import { attemptsPerBatch, pauseAfter, type CustomersHandler, type EventStream, type StreamLag } from './event-stream.js';

export interface RedisEventStreamOptions {
  readonly commands: Redis | Cluster;
  /** A connection of its own, that waits for what comes. */
  readonly reader: Redis | Cluster;
  readonly processId: string;
  /** Tells deployments apart that share a Redis: those who read one database have one name. */
  readonly nameOf: () => Promise<string>;
  readonly onFailure: (error: unknown) => void;
  /** After which a process that says nothing has lost its partitions, in milliseconds. */
  readonly leaseMs?: number;
}

const partitions = 16;
const group = 'refresh';
/** Entries of one partition; older ones go first, and are left to the sweep. */
const longest = 20_000;
const readAtOnce = 64;
const waitMs = 500;
const usualLeaseMs = 6000;

/**
 * Who may read which partition: each process that has been heard of has its share, and a partition has one reader at a time. Who has more than its
 * share gives some back, unless it is in the midst of something (ARGV[3] is 0). Answers with the numbers of the partitions that the process has.
 */
const share = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 10)
local most = math.ceil((#KEYS - 1) / redis.call('ZCARD', KEYS[1]))
local own, free = {}, {}
for i = 2, #KEYS do
  local owner = redis.call('GET', KEYS[i])
  if owner == ARGV[1] then
    if #own < most or ARGV[3] == '0' then
      redis.call('PEXPIRE', KEYS[i], ARGV[2])
      table.insert(own, i - 2)
    else redis.call('DEL', KEYS[i]) end
  elseif not owner then table.insert(free, i) end
end
if ARGV[3] == '1' then
  for _, i in ipairs(free) do
    if #own < most then
      redis.call('SET', KEYS[i], ARGV[1], 'PX', ARGV[2])
      table.insert(own, i - 2)
    end
  end
end
return own`;

const leave = `
redis.call('ZREM', KEYS[1], ARGV[1])
for i = 2, #KEYS do if redis.call('GET', KEYS[i]) == ARGV[1] then redis.call('DEL', KEYS[i]) end end`;

type Scripted = (Redis | Cluster) & {
  attuneShare: (...args: readonly string[]) => Promise<readonly number[]>;
  attuneLeave: (...args: readonly string[]) => Promise<unknown>;
};

interface Entry {
  readonly key: string;
  readonly id: string;
  readonly tenantId: string;
  readonly customerIds: readonly string[];
}

type RawEntries = readonly (readonly [id: string, fields: readonly string[] | null])[];

/**
 * Between processes: a fixed number of partitions by the hash of the customer, each a Redis stream with one consumer group and, by lease, one reader.
 * What a reader that died had not finished is claimed by the next. While Redis cannot be reached, word stays in the process that has it.
 */
export class RedisEventStream implements EventStream {
  readonly #options: RedisEventStreamOptions;
  readonly #commands: Scripted;
  readonly #leaseMs: number;
  readonly #here: MemoryEventStream;
  #name: string | undefined;
  #running: Promise<void> | undefined;
  #renewing: ReturnType<typeof setInterval> | undefined;
  #own: readonly number[] = [];
  #waiting = 0;
  #ageMs = 0;
  #dropped = 0;
  #closed = false;

  constructor(options: RedisEventStreamOptions) {
    this.#options = options;
    options.commands.defineCommand('attuneShare', { lua: share, numberOfKeys: partitions + 1 });
    options.commands.defineCommand('attuneLeave', { lua: leave, numberOfKeys: partitions + 1 });
    this.#commands = options.commands as Scripted;
    this.#leaseMs = options.leaseMs ?? usualLeaseMs;
    this.#here = new MemoryEventStream({ onFailure: options.onFailure });
  }

  async publish(tenantId: string, customerIds: readonly string[]): Promise<void> {
    const byPartition = new Map<number, string[]>();
    for (const id of customerIds) {
      const partition = partitionOf(tenantId, id);
      byPartition.set(partition, [...(byPartition.get(partition) ?? []), id]);
    }
    await Promise.all(Array.from(byPartition, async ([partition, ids]) => {
      try {
        const name = await this.#named();
        await this.#commands.xadd(streamKey(name, partition), 'MAXLEN', '~', longest, '*', 'tenant', tenantId, 'customers', JSON.stringify(ids));
      } catch (error) {
        this.#options.onFailure(error);
        await this.#here.publish(tenantId, ids);
      }
    }));
  }

  start(handler: CustomersHandler): void {
    this.#here.start(handler);
    this.#running = this.#run(handler);
    this.#renewing = setInterval(() => {
      if (this.#own.length > 0) this.#takeShare(false).catch(this.#options.onFailure);
    }, this.#leaseMs / 4).unref();
  }

  get lag(): StreamLag {
    const here = this.#here.lag;
    return { waiting: this.#waiting + here.waiting, ageMs: Math.max(this.#ageMs, here.ageMs), dropped: this.#dropped + here.dropped };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#renewing);
    await Promise.all([this.#running, this.#here.close()]);
    if (this.#name !== undefined) await this.#commands.attuneLeave(...leaseKeys(this.#name), this.#options.processId).catch(this.#options.onFailure);
  }

  async #run(handler: CustomersHandler): Promise<void> {
    let failures = 0;
    while (!this.#closed) {
      try {
        const before = new Set(this.#own);
        await this.#takeShare(true);
        for (const partition of this.#own) if (!before.has(partition)) await this.#handleAll(await this.#claimed(partition), handler);
        await this.#handleAll(await this.#next(), handler);
        failures = 0;
      } catch (error) {
        this.#options.onFailure(error);
        this.#own = [];
        failures = Math.min(failures + 1, 4);
        await new Promise(resolve => setTimeout(resolve, pauseAfter(failures)));
      }
    }
  }

  async #named(): Promise<string> {
    this.#name ??= await this.#options.nameOf();
    return this.#name;
  }

  async #takeShare(mayMove: boolean): Promise<void> {
    const own = await this.#commands.attuneShare(...leaseKeys(await this.#named()), this.#options.processId, String(this.#leaseMs), mayMove ? '1' : '0');
    // A renewal only ever finds fewer: what a process has lost while it was busy.
    this.#own = mayMove ? own : this.#own.filter(it => own.includes(it));
  }

  /** What an earlier reader of the partition had not finished. */
  async #claimed(partition: number): Promise<readonly Entry[]> {
    const key = streamKey(await this.#named(), partition);
    await this.#commands.xgroup('CREATE', key, group, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!String(error).includes('BUSYGROUP')) throw error;
    });
    const found: Entry[] = [];
    for (let cursor = '0-0'; ;) {
      const [next, entries] = (await this.#commands.xautoclaim(key, group, this.#options.processId, 0, cursor, 'COUNT', readAtOnce)) as [string, RawEntries];
      found.push(...entriesOf(key, entries));
      if (next === '0-0') return found;
      cursor = next;
    }
  }

  async #next(): Promise<readonly Entry[]> {
    if (this.#own.length === 0) {
      await new Promise(resolve => setTimeout(resolve, waitMs));
      return [];
    }
    const keys = this.#own.map(it => streamKey(this.#name ?? '', it));
    const answer = (await this.#options.reader.xreadgroup(
      'GROUP', group, this.#options.processId, 'COUNT', readAtOnce, 'BLOCK', waitMs, 'STREAMS', ...keys, ...keys.map(() => '>'),
    )) as readonly (readonly [string, RawEntries])[] | null;
    if (answer === null) [this.#waiting, this.#ageMs] = [0, 0];
    return (answer ?? []).flatMap(([key, entries]) => entriesOf(key, entries));
  }

  async #handleAll(entries: readonly Entry[], handler: CustomersHandler): Promise<void> {
    if (entries.length === 0) return;
    const oldest = Math.min(...entries.map(it => Number(it.id.split('-')[0])));
    this.#ageMs = Math.max(0, Date.now() - oldest);
    const isDone = await Promise.all([...new Set(entries.map(it => it.tenantId))].map(tenantId => {
      const ids = new Set(entries.filter(it => it.tenantId === tenantId).flatMap(it => it.customerIds));
      return this.#handle(tenantId, [...ids], handler);
    }));
    // What is not done at the end of the process stays with the group, for the next reader.
    if (isDone.every(Boolean)) await this.#finish(entries);
  }

  /** False where the end of the process came first. */
  async #handle(tenantId: string, customerIds: readonly string[], handler: CustomersHandler): Promise<boolean> {
    for (let attempt = 0; attempt < attemptsPerBatch; attempt++) {
      try {
        await handler(tenantId, customerIds);
        return true;
      } catch (error) {
        this.#options.onFailure(error);
        if (this.#closed) return false;
        await new Promise(resolve => setTimeout(resolve, pauseAfter(attempt)));
      }
    }
    this.#dropped += customerIds.length;
    return true;
  }

  async #finish(entries: readonly Entry[]): Promise<void> {
    const keys = [...new Set(entries.map(it => it.key))];
    const lengths = await Promise.all(keys.map(async key => {
      const ids = entries.filter(it => it.key === key).map(it => it.id);
      await this.#commands.xack(key, group, ...ids);
      await this.#commands.xdel(key, ...ids);
      return this.#commands.xlen(key);
    }));
    this.#waiting = lengths.reduce((a, b) => a + b, 0);
  }
}

/** One hash tag, so that one command reads all of them in a cluster, too. */
const streamKey = (name: string, partition: number): string => `attune:{events:${name}}:${partition}`;
const leaseKeys = (name: string): readonly string[] => [
  `attune:{events:${name}}:readers`, ...Array.from({ length: partitions }, (_, i) => `attune:{events:${name}}:reader:${i}`),
];
const partitionOf = (tenantId: string, customerId: string): number => fnv1a32(`${tenantId.length}:${tenantId}${customerId}`) % partitions;

/** One that was trimmed meanwhile has no fields. */
function entriesOf(key: string, entries: RawEntries): readonly Entry[] {
  return entries.flatMap(([id, fields]) => {
    if (fields === null) return [];
    const of = (name: string): string => fields[fields.indexOf(name) + 1] ?? '';
    return [{ key, id, tenantId: of('tenant'), customerIds: JSON.parse(of('customers')) as readonly string[] }];
  });
}
