import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisOnlineStore } from '../../src/customers/online-store.redis.js';
import { DependencyUnavailable } from '../../src/kernel/errors.js';
import { connectRedis } from '../../src/platform/redis.js';
import { describeWithRedis } from '../support/redis.js';
import { itBehavesLikeAnOnlineStore, record } from './online-store.contract.js';

describeWithRedis('RedisOnlineStore', url => {
  itBehavesLikeAnOnlineStore('RedisOnlineStore', async () => {
    const connections = await connectRedis(url, () => undefined);
    return { store: new RedisOnlineStore(connections.commands), close: () => connections.close() };
  });

  it('reads a value that is none of its own as nothing, and replaces it', async () => {
    const tenant = randomUUID();
    const redis = new Redis(url);
    const store = new RedisOnlineStore(redis);
    await store.write(tenant, [record('ada', 3)]);
    const [key = ''] = await redis.keys(`*${tenant}*`);
    for (const foreign of ['', 'hello', '1', '0 {', '3 {"v":1}', '9 {"known":true}', '0 9 {"known":true}']) {
      await redis.set(key, foreign);
      expect(await store.read(tenant, ['ada'])).toEqual([undefined]);
      await store.write(tenant, [record('ada', 3)]);
      expect(await store.read(tenant, ['ada'])).toEqual([record('ada', 3)]);
    }
    expect(await redis.pttl(key)).toBeGreaterThan(0);
    await redis.quit();
  });

  it('reports a Redis that does not answer as unavailable', async () => {
    const redis = new Redis(url);
    const store = new RedisOnlineStore(redis);
    await redis.quit();
    await expect(store.read('acme', ['ada'])).rejects.toThrow(DependencyUnavailable);
    await expect(store.write('acme', [record('ada', 1)])).rejects.toThrow(DependencyUnavailable);
    await expect(store.forget('acme', ['ada'])).rejects.toThrow(DependencyUnavailable);
  });

  it('refuses to start on a server that is not there, and says what to do', async () => {
    await expect(connectRedis('redis://127.0.0.1:1', () => undefined)).rejects.toThrow(/REDIS_URL/);
  });
});
