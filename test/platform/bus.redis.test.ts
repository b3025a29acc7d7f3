import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { DependencyUnavailable } from '../../src/kernel/errors.js';
import type { BusEvent } from '../../src/platform/bus.js';
import { configTopic } from '../../src/platform/bus.js';
import { Gate, portOf } from '../app/gate.js';
import { describeWithRedis } from '../support/redis.js';
import { startRedisNode } from '../support/redis-node.js';
import { itBehavesLikeABus } from './bus.contract.js';
import { heardBy, openRedisBus as open, until } from './redis-bus.js';

const message = (it: unknown): BusEvent => ({ kind: 'message', message: it as string });

describeWithRedis('RedisBus', url => {
  itBehavesLikeABus('RedisBus', () => open(url));

  it('reaches the subscribers of other processes', async () => {
    const [here, there] = await Promise.all([open(url), open(url)]);
    const topic = configTopic(randomUUID());
    const heard = await heardBy(there.bus, topic);
    await here.bus.publish(topic, { version: 7 });
    await until(() => heard.length > 0);
    expect(heard).toEqual([message({ version: 7 })]);
    await Promise.all([here.close(), there.close()]);
  });

  it('hears again when a gap is told after a killed connection', async () => {
    const [here, there, killer] = [await open(url), await open(url), new Redis(url)];
    const { subscriber } = there.connections;
    const connection = await subscriber.client('ID');
    const topic = configTopic(randomUUID());
    const heard = await heardBy(there.bus, topic);
    const subscribe = subscriber.subscribe.bind(subscriber) as (...channels: readonly string[]) => Promise<unknown>;
    subscriber.subscribe = (async (...channels: string[]) => {
      await new Promise(resolve => setTimeout(resolve, 100));
      return subscribe(...channels);
    }) as typeof subscriber.subscribe;
    await there.bus.subscribe(topic, async event => {
      if (event.kind === 'gap') await here.bus.publish(topic, 'after');
    });
    expect(await killer.client('KILL', 'ID', connection)).toBe(1);
    await until(() => heard.length >= 2);
    expect(heard).toEqual([{ kind: 'gap' }, message('after')]);
    await killer.quit();
    await Promise.all([here.close(), there.close()]);
  });

  it('fails to publish where the server is gone, having told this process, and publishes when it is back', async () => {
    const gate = new Gate();
    await gate.open(portOf(url));
    const [here, there] = await Promise.all([open(gate.to(url)), open(url)]);
    const topic = configTopic(randomUUID());
    const [heardHere, heardThere] = [await heardBy(here.bus, topic), await heardBy(there.bus, topic)];
    await gate.close();
    await expect(here.bus.publish(topic, 1)).rejects.toThrow(DependencyUnavailable);
    expect(heardHere).toEqual([message(1)]);
    await gate.open(portOf(url));
    await until(() => here.connections.commands.status === 'ready');
    await here.bus.publish(topic, 2);
    await until(() => heardThere.length > 0);
    expect(heardThere).toEqual([message(2)]);
    await Promise.all([here.close(), there.close()]);
    await gate.close();
  });

  it('takes subscriptions while the server is gone, and tells them of the gap when it is back', async () => {
    const gate = new Gate();
    await gate.open(portOf(url));
    const [here, there] = await Promise.all([open(gate.to(url)), open(url)]);
    const [before, during, left] = [configTopic(randomUUID()), configTopic(randomUUID()), configTopic(randomUUID())];
    const heardBefore = await heardBy(here.bus, before);
    await gate.close();
    await until(() => here.connections.subscriber.status !== 'ready');
    const heardDuring = await heardBy(here.bus, during);
    const leave = await here.bus.subscribe(left, () => { throw new Error('left already'); });
    leave();
    await there.bus.publish(before, 'lost');
    await gate.open(portOf(url));
    await until(() => heardBefore.length > 0 && heardDuring.length > 0);
    await there.bus.publishMany([before, during, left].map(topic => ({ topic, message: 'after' })));
    await until(() => heardBefore.length > 1 && heardDuring.length > 1);
    expect([heardBefore, heardDuring]).toEqual([[{ kind: 'gap' }, message('after')], [{ kind: 'gap' }, message('after')]]);
    expect(here.failures).toEqual([]);
    await Promise.all([here.close(), there.close()]);
    await gate.close();
  });

  it('takes a server that hangs for one that is gone', async () => {
    const node = await startRedisNode();
    if (node === undefined) return;
    const [here, there] = await Promise.all([open(node.url), open(node.url)]);
    const topic = configTopic(randomUUID());
    node.freeze();
    await expect(here.bus.publish(topic, 1)).rejects.toThrow(DependencyUnavailable);
    const heard = await heardBy(here.bus, topic);
    node.thaw();
    await until(() => heard.some(it => it.kind === 'gap'));
    await there.bus.publish(topic, 'after');
    await until(() => heard.length > 1);
    expect(heard).toEqual([{ kind: 'gap' }, message('after')]);
    await Promise.all([here.close(), there.close()]);
    await node.kill();
  });

  it('refuses a subscription that the server refuses, and forgets it', async () => {
    const admin = new Redis(url);
    const user = `listener-${randomUUID()}`;
    await admin.acl('SETUSER', user, 'on', '>secret', '~*', '+@all', 'resetchannels');
    const access = new URL(url);
    Object.assign(access, { username: user, password: 'secret' });
    const { bus, close } = await open(access.href);
    const heard: BusEvent[] = [];
    const topic = configTopic(randomUUID());
    for (let i = 0; i < 2; i++) await expect(bus.subscribe(topic, event => void heard.push(event))).rejects.toThrow(DependencyUnavailable);
    await bus.publish(topic, 1).catch(() => undefined);
    expect(heard).toEqual([]);
    await close();
    await admin.acl('DELUSER', user);
    await admin.quit();
  });

  it('publishes more than a server answers in the time of one command', async () => {
    const [here, there] = await Promise.all([open(url), open(url)]);
    const topic = configTopic(randomUUID());
    const heard = await heardBy(there.bus, topic);
    const messages = Array.from({ length: 5_000 }, (_, i) => i);
    await here.bus.publishMany(messages.map(it => ({ topic, message: it })));
    await until(() => heard.length === messages.length);
    expect(heard.map(it => it.kind === 'message' && it.message)).toEqual(messages);
    await Promise.all([here.close(), there.close()]);
  });

  it('keeps no channel that nobody listens to', async () => {
    const { bus, connections, close } = await open(url);
    const tenant = randomUUID();
    const topics = Array.from({ length: 2_000 }, (_, i) => configTopic(`${tenant}-${i}`));
    const leave = await Promise.all(topics.map(topic => bus.subscribe(topic, () => undefined)));
    const channels = async (): Promise<number> => ((await connections.commands.call('PUBSUB', 'CHANNELS', `*${tenant}*`)) as unknown[]).length;
    expect(await channels()).toBe(2_000);
    for (const it of leave) it();
    for (let i = 0; i < 100 && (await channels()) > 0; i++) await new Promise(resolve => setTimeout(resolve, 20));
    expect(await channels()).toBe(0);
    await close();
  });
});
