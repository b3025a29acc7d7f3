import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { DependencyUnavailable } from '../../src/kernel/errors.js';
import type { BusEvent } from '../../src/platform/bus.js';
import { configTopic } from '../../src/platform/bus.js';
import { RedisBus } from '../../src/platform/bus.redis.js';
import { connectRedis } from '../../src/platform/redis.js';
import { describeWithRedis } from '../support/redis.js';
import { itBehavesLikeABus } from './bus.contract.js';

async function open(url: string) {
  const failures: unknown[] = [];
  const connections = await connectRedis(url, () => undefined);
  const bus = new RedisBus({ ...connections, processId: randomUUID(), onFailure: error => failures.push(error) });
  return {
    bus, failures, connections,
    close: async () => {
      await bus.close();
      await connections.close();
    },
  };
}

async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 25));
  expect(holds()).toBe(true);
}

describeWithRedis('RedisBus', url => {
  itBehavesLikeABus('RedisBus', () => open(url));

  it('reaches the subscribers of other processes', async () => {
    const [here, there] = await Promise.all([open(url), open(url)]);
    const topic = configTopic(randomUUID());
    const heard: BusEvent[] = [];
    await there.bus.subscribe(topic, event => void heard.push(event));
    await here.bus.publish(topic, { version: 7 });
    await until(() => heard.length > 0);
    expect(heard).toEqual([{ kind: 'message', message: { version: 7 } }]);
    await Promise.all([here.close(), there.close()]);
  });

  it('tells of a gap when a lost connection has come back, and hears again', async () => {
    const [here, there] = await Promise.all([open(url), open(url)]);
    const topic = configTopic(randomUUID());
    const heard: BusEvent[] = [];
    await there.bus.subscribe(topic, event => void heard.push(event));
    const killer = new Redis(url);
    const id = await there.connections.subscriber.client('ID').catch(() => undefined);
    for (const line of String(await killer.call('CLIENT', 'LIST', 'TYPE', 'pubsub')).split('\n')) {
      const found = /id=(\d+)/.exec(line)?.[1];
      if (found !== undefined && (id === undefined || Number(found) === id)) await killer.client('KILL', 'ID', found);
    }
    await killer.quit();
    await until(() => heard.some(it => it.kind === 'gap'));
    await here.bus.publish(topic, 'after');
    await until(() => heard.some(it => it.kind === 'message'));
    await Promise.all([here.close(), there.close()]);
  });

  it('fails to publish where the server is gone, having told this process', async () => {
    const { bus, connections, close } = await open(url);
    const topic = configTopic(randomUUID());
    const heard: BusEvent[] = [];
    await bus.subscribe(topic, event => void heard.push(event));
    connections.commands.disconnect();
    await expect(bus.publish(topic, 1)).rejects.toThrow(DependencyUnavailable);
    expect(heard).toHaveLength(1);
    await close();
  });

  it('keeps no channel that nobody listens to', async () => {
    const { bus, connections, close } = await open(url);
    const tenant = randomUUID();
    const topics = Array.from({ length: 2000 }, (_, i) => configTopic(`${tenant}-${i}`));
    const leave = await Promise.all(topics.map(topic => bus.subscribe(topic, () => undefined)));
    const channels = async (): Promise<number> => ((await connections.commands.call('PUBSUB', 'CHANNELS', `*${tenant}*`)) as unknown[]).length;
    expect(await channels()).toBe(2000);
    for (const it of leave) it();
    for (let i = 0; i < 100 && (await channels()) > 0; i++) await new Promise(resolve => setTimeout(resolve, 20));
    expect(await channels()).toBe(0);
    await close();
  });
});
