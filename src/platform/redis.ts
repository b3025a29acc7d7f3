import { Redis } from 'ioredis';
import { DependencyUnavailable } from '../kernel/errors.js';

/** Commands of a request are given up soon, so that a dead server makes answers poorer and not late. */
const requestOptions = { commandTimeout: 100, connectTimeout: 1000, maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true } as const;
/** A subscription only waits; it comes back by itself, however long it takes. */
const subscriberOptions = { connectTimeout: 1000, maxRetriesPerRequest: null, lazyConnect: true } as const;
const retryMs = (attempt: number): number => Math.min(1000, 50 * attempt);

export interface RedisConnections {
  readonly commands: Redis;
  readonly subscriber: Redis;
  /** Whether the server answers now. */
  probe(): Promise<boolean>;
  close(): Promise<void>;
}

/** @throws DependencyUnavailable where the server does not answer; the message says what to do */
export async function connectRedis(url: string, onFailure: (error: unknown) => void): Promise<RedisConnections> {
  const commands = new Redis(url, { ...requestOptions, retryStrategy: retryMs });
  const subscriber = new Redis(url, { ...subscriberOptions, retryStrategy: retryMs });
  for (const client of [commands, subscriber]) client.on('error', onFailure);
  try {
    await Promise.all([commands.connect(), subscriber.connect()]);
    await commands.ping();
  } catch (cause) {
    commands.disconnect();
    subscriber.disconnect();
    throw new DependencyUnavailable('Redis does not answer at REDIS_URL. Start it, or unset REDIS_URL to keep the online store and the bus in this process.', { cause });
  }
  return {
    commands,
    subscriber,
    probe: () => commands.ping().then(() => true, () => false),
    close: async () => {
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}
