import type { Redis } from 'ioredis';
import { DependencyUnavailable } from '../kernel/errors.js';
import type { OnlineRecord } from './online-record.js';
import { strangerTtlMs, type OnlineStore } from './online-store.js';

/** A value is the record's version, a space, and the record as JSON: the script compares versions without reading the rest. */
const newestWins = `
for i = 1, #KEYS do
  local held = redis.call('GET', KEYS[i])
  local version = held and tonumber(string.match(held, '^%d+')) or -1
  if tonumber(ARGV[i * 3 - 2]) > version then redis.call('SET', KEYS[i], ARGV[i * 3 - 1], 'PX', ARGV[i * 3]) end
end`;

const ttlMs = 30 * 86_400_000;
const batchSize = 200;

type Scripted = Redis & { attuneNewestWins: (keys: number, ...args: readonly (string | number)[]) => Promise<unknown> };

/** Holds records in Redis: one packed value a customer, read by one command. */
export class RedisOnlineStore implements OnlineStore {
  readonly #redis: Scripted;

  constructor(redis: Redis) {
    redis.defineCommand('attuneNewestWins', { lua: newestWins });
    this.#redis = redis as Scripted;
  }

  async read(tenantId: string, customerIds: readonly string[]): Promise<readonly (OnlineRecord | undefined)[]> {
    if (customerIds.length === 0) return [];
    const values = await asked(this.#redis.mget(customerIds.map(id => keyOf(tenantId, id))));
    return values.map((value, i) => (value === null ? undefined : unpack(value, customerIds[i] ?? '')));
  }

  async write(tenantId: string, records: readonly OnlineRecord[]): Promise<void> {
    for (let from = 0; from < records.length; from += batchSize) {
      const batch = records.slice(from, from + batchSize);
      const values = batch.flatMap(record => [record.version, pack(record), record.known ? ttlMs : strangerTtlMs]);
      await asked(this.#redis.attuneNewestWins(batch.length, ...batch.map(it => keyOf(tenantId, it.customerId)), ...values));
    }
  }

  async forget(tenantId: string, customerIds: readonly string[]): Promise<void> {
    if (customerIds.length > 0) await asked(this.#redis.del(customerIds.map(id => keyOf(tenantId, id))));
  }
}

/** Escaped, so that no id can leave its place in the key; the braces keep all keys of a customer on one node of a cluster. */
const keyOf = (tenantId: string, customerId: string): string => `attune:online:{${escaped(tenantId)}:${escaped(customerId)}}`;
const escaped = (id: string): string => encodeURIComponent(JSON.stringify(id));

const pack = ({ customerId: _id, ...rest }: OnlineRecord): string => `${rest.version} ${JSON.stringify(rest)}`;

/** A value that is not of this form (an older version's, say) is as good as none: it is filled anew. */
function unpack(value: string, customerId: string): OnlineRecord | undefined {
  try {
    const rest = JSON.parse(value.slice(value.indexOf(' ') + 1)) as Omit<OnlineRecord, 'customerId'>;
    return typeof rest.known === 'boolean' ? { customerId, ...rest } : undefined;
  } catch {
    return undefined;
  }
}

async function asked<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (cause) {
    throw new DependencyUnavailable('Redis did not answer', { cause });
  }
}
