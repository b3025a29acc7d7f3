import { Cluster, type Redis } from 'ioredis';
import { answeredByRedis, unlinkAll } from '../platform/redis.js';
import type { OnlineRecord } from './online-record.js';
import { strangerTtlMs, type OnlineStore } from './online-store.js';

/**
 * A value is the number of its format, the record's version, and the record as JSON, with a space between them: the script compares versions
 * without reading the rest. A value that is not of this form counts as none, to readers and to the script, and is filled anew.
 */
const format = 2;
const newestWins = `
local held = tonumber(string.match(redis.call('GETRANGE', KEYS[1], 0, 31), '^${format} (%d+) ') or -1)
if tonumber(ARGV[1]) > held then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end`;
const header = /^(\d+) \d+ \{/;

const ttlMs = 30 * 86_400_000;
const writtenAtOnce = 200;

type Scripted = (Redis | Cluster) & { attuneNewestWins: (key: string, version: number, value: string, ttl: number) => Promise<unknown> };

/** Holds records in Redis: one packed value a customer, read by one command. */
export class RedisOnlineStore implements OnlineStore {
  readonly #redis: Scripted;

  constructor(redis: Redis | Cluster) {
    redis.defineCommand('attuneNewestWins', { lua: newestWins, numberOfKeys: 1 });
    this.#redis = redis as Scripted;
  }

  /** In a cluster, customers whose node does not answer are as if not held, unless none answers. */
  async read(tenantId: string, customerIds: readonly string[]): Promise<readonly (OnlineRecord | undefined)[]> {
    if (customerIds.length === 0) return [];
    const keys = customerIds.map(id => keyOf(tenantId, id));
    const values = await answeredByRedis(this.#redis instanceof Cluster ? readApart(this.#redis, keys) : this.#redis.mget(keys));
    return values.map((value, i) => (value === null ? undefined : unpack(value, customerIds[i] ?? '')));
  }

  async write(tenantId: string, records: readonly OnlineRecord[]): Promise<void> {
    for (let from = 0; from < records.length; from += writtenAtOnce) {
      await answeredByRedis(Promise.all(records.slice(from, from + writtenAtOnce).map(record =>
        this.#redis.attuneNewestWins(keyOf(tenantId, record.customerId), record.version, pack(record), record.known ? ttlMs : strangerTtlMs))));
    }
  }

  async clear(tenantId: string): Promise<void> {
    await unlinkAll(this.#redis, patternOf(tenantId));
  }

  async forget(tenantId: string, customerIds: readonly string[]): Promise<void> {
    await answeredByRedis(Promise.all(customerIds.map(id => this.#redis.del(keyOf(tenantId, id)))));
  }
}

/** Escaped, so that no id can leave its place in the key; the braces keep all keys of a customer on one node of a cluster. */
const keyOf = (tenantId: string, customerId: string): string => `attune:online:{${escaped(tenantId)}:${escaped(customerId)}}`;
/** Of the keys of all customers of a tenant: an asterisk is the one character of an escaped id that a pattern would give a meaning to. */
const patternOf = (tenantId: string): string => `attune:online:{${escaped(tenantId).replaceAll('*', String.raw`\*`)}:*`;
const escaped = (id: string): string => encodeURIComponent(JSON.stringify(id));

const pack = ({ customerId: _id, ...rest }: OnlineRecord): string => `${format} ${rest.version} ${JSON.stringify(rest)}`;

function unpack(value: string, customerId: string): OnlineRecord | undefined {
  const [head, of] = header.exec(value) ?? [];
  if (head === undefined || Number(of) !== format) return undefined;
  try {
    return { customerId, ...(JSON.parse(value.slice(head.length - 1)) as Omit<OnlineRecord, 'customerId'>) };
  } catch {
    return undefined;
  }
}

async function readApart(cluster: Cluster, keys: readonly string[]): Promise<readonly (string | null)[]> {
  const answers = await Promise.allSettled(keys.map(key => cluster.get(key)));
  const [first] = answers;
  if (first?.status === 'rejected' && answers.every(it => it.status === 'rejected')) throw first.reason;
  return answers.map(it => (it.status === 'fulfilled' ? it.value : null));
}
