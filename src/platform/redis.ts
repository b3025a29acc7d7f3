import { Cluster, Redis } from 'ioredis';
import { DependencyUnavailable } from '../kernel/errors.js';

/** Nothing waits for a server to come back: whoever asks meanwhile is told at once. */
const atOnce = { maxRetriesPerRequest: 0, enableOfflineQueue: false, lazyConnect: true } as const;
/** Commands of a request are given up soon, so that a dead server makes answers poorer and not late. */
const requestOptions = { ...atOnce, commandTimeout: 100, connectTimeout: 1000 } as const;
/** Who listens notices a lost connection only by probes of the operating system. The bus subscribes anew itself. */
const subscriberOptions = { ...atOnce, commandTimeout: 2000, connectTimeout: 1000, keepAlive: 10_000, autoResubscribe: false } as const;
/** Who waits for what comes may wait longer than for an answer; `keepAlive` finds a lost connection. */
const readerOptions = { ...atOnce, commandTimeout: 5000, connectTimeout: 1000, keepAlive: 10_000 } as const;
const clusterOptions = { enableOfflineQueue: false, lazyConnect: true, maxRedirections: 2, retryDelayOnFailover: 50, retryDelayOnClusterDown: 50, } as const;
/** Of a command that each has its own time. */
const startAttempts = 20;
const retryMs = (attempt: number): number => Math.min(1000, 50 * attempt);

export interface RedisConnections {
  readonly commands: Redis | Cluster;
  /** For commands that wait in the server. */
  readonly reader: Redis | Cluster;
  /** For subscriptions alone; in a cluster to any of its nodes, which pass on each other's messages. */
  readonly subscriber: Redis;
  /** Whether the server answers now. */
  probe(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * @param url of the server; or of nodes of a cluster, separated by commas, where user, password and protocol of the first hold for all
 * @throws DependencyUnavailable where the server does not answer; the message says what to do
 */
export async function connectRedis(url: string, onFailure: (error: unknown) => void): Promise<RedisConnections> {
  const urls = url.split(',').map(it => it.trim());
  const connectionWith = (options: typeof requestOptions | typeof readerOptions): Redis | Cluster =>
    urls.length === 1 ? new Redis(url, { ...options, retryStrategy: retryMs }) : clusterOf(urls, options);
  const [commands, reader] = [connectionWith(requestOptions), connectionWith(readerOptions)];
  const subscriber = subscriberOf(urls);
  for (const client of [commands, reader, subscriber]) client.on('error', onFailure);
  const disconnect = (): void => {
    commands.disconnect();
    reader.disconnect();
    subscriber.disconnect();
  };
  try {
    await Promise.all([commands.connect(), reader.connect(), subscriber.connect()]);
    await answer(commands);
  } catch (cause) {
    disconnect();
    throw new DependencyUnavailable('Redis does not answer at REDIS_URL. Start it, or unset REDIS_URL to keep the online store and the bus in this process.', { cause });
  }
  return {
    commands,
    reader,
    subscriber,
    probe: () => commands.ping().then(() => true, () => false),
    close: async () => { disconnect(); },
  };
}

/** At start there is time to wait for a server that is busy. */
async function answer(client: Redis | Cluster): Promise<void> {
  for (let left = startAttempts; left > 0; left--) {
    try {
      await client.ping();
      return;
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

function clusterOf(urls: readonly string[], options: typeof requestOptions | typeof readerOptions): Cluster {
  const { username, password, protocol } = new URL(urls[0] ?? '');
  const access = {
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' && { tls: {} }),
  };
  return new Cluster([...urls], { ...clusterOptions, clusterRetryStrategy: retryMs, redisOptions: { ...options, ...access } });
}

/** After each failure it tries the next node. */
function subscriberOf(urls: readonly string[]): Redis {
  const subscriber: Redis = new Redis(urls[0] ?? '', {
    ...subscriberOptions,
    retryStrategy: attempt => {
      const { hostname, port } = new URL(urls[attempt % urls.length] ?? '');
      Object.assign(subscriber.options, { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) });
      return retryMs(attempt);
    },
  });
  return subscriber;
}

const scannedAtOnce = 1000;

/** Drops all keys of a pattern, on all nodes of a cluster; what is written meanwhile may be dropped as well. @throws DependencyUnavailable */
export async function unlinkAll(redis: Redis | Cluster, pattern: string): Promise<void> {
  const nodes = redis instanceof Cluster ? redis.nodes('master') : [redis];
  await answeredByRedis(Promise.all(nodes.map(async node => {
    for (let cursor: string | undefined; cursor !== '0'; ) {
      const [next, keys] = await node.scan(cursor ?? '0', 'MATCH', pattern, 'COUNT', scannedAtOnce);
      await Promise.all(keys.map(key => redis.unlink(key)));
      cursor = next;
    }
  })));
}

/** @throws DependencyUnavailable where the command fails */
export async function answeredByRedis<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (cause) {
    throw new DependencyUnavailable('Redis did not answer', { cause });
  }
}
