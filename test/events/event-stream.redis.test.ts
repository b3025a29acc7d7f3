import { randomUUID } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { RedisEventStream } from '../../src/events/event-stream.redis.js';
import { connectRedis } from '../../src/platform/redis.js';
import { Gate, portOf } from '../app/gate.js';
import { describeWithRedis } from '../support/redis.js';
import { Handling, itBehavesLikeAnEventStream, pause, until, type OpenedStream } from './event-stream.contract.js';

interface Process extends OpenedStream {
  readonly stream: RedisEventStream;
  /** As if the process were gone, without a word. */
  kill(): Promise<void>;
}

/** A stream as another process would have it; processes of one name share it. */
async function openProcess(url: string, name: string = randomUUID()): Promise<Process> {
  const connections = await connectRedis(url, () => undefined);
  const stream = new RedisEventStream({ ...connections, processId: randomUUID(), nameOf: async () => name, onFailure: () => undefined, leaseMs: 1000 });
  return {
    stream,
    async close() {
      await stream.close();
      await connections.close();
    },
    kill: () => connections.close(),
  };
}

describeWithRedis('RedisEventStream', url => {
  itBehavesLikeAnEventStream('RedisEventStream', () => openProcess(url));

  it('has each customer handled by one process at a time, and by all processes some', async () => {
    const [name, tenant] = [randomUUID(), randomUUID()];
    const processes = await Promise.all([1, 2, 3].map(() => openProcess(url, name)));
    const busy = new Set<string>();
    let overlaps = 0;
    const handlings = processes.map(() => new Handling(async (_tenant, ids) => {
      for (const id of ids) {
        if (busy.has(id)) overlaps += 1;
        busy.add(id);
      }
      await pause(10);
      for (const id of ids) busy.delete(id);
    }));
    processes.forEach((it, i) => { it.stream.start(handlings[i]?.handler ?? (async () => undefined)); });
    await pause(2500); // until each has its share
    const ids = Array.from({ length: 60 }, (_, i) => `c${i}`);
    for (let round = 0; round < 10; round++) {
      await processes[round % 3]?.stream.publish(tenant, ids);
      await pause(15);
    }
    const all = (): number => new Set(handlings.flatMap(it => it.customersOf(tenant))).size;
    await until(() => all() === 60);
    expect(overlaps).toBe(0);
    for (const it of handlings) expect(it.customersOf(tenant).length).toBeGreaterThan(5);
    await Promise.all(processes.map(it => it.close()));
  });

  it('takes over what a process that died was handling, and what it had not yet read', async () => {
    const [name, tenant] = [randomUUID(), randomUUID()];
    const dying = await openProcess(url, name);
    const begun: string[] = [];
    dying.stream.start(async (_tenant, ids) => {
      begun.push(...ids);
      await new Promise(() => undefined);
    });
    await dying.stream.publish(tenant, ['ada']);
    await until(() => begun.length > 0);
    await dying.stream.publish(tenant, ['bob', 'carl', 'ada']);
    await dying.kill();
    const heir = await openProcess(url, name);
    const handling = new Handling();
    heir.stream.start(handling.handler);
    await until(() => handling.customersOf(tenant).length === 3);
    expect(handling.customersOf(tenant)).toEqual(['ada', 'bob', 'carl']);
    await heir.close();
  });

  it('keeps nothing that is finished', async () => {
    const name = randomUUID();
    const process = await openProcess(url, name);
    const handling = new Handling();
    process.stream.start(handling.handler);
    for (let i = 0; i < 50; i++) await process.stream.publish('t', [`c${i}`]);
    await until(() => handling.customersOf('t').length === 50);
    const redis = new Redis(url);
    const lengths = async (): Promise<number> => {
      const all = await Promise.all(Array.from({ length: 16 }, (_, i) => redis.xlen(`attune:{events:${name}}:${i}`)));
      return all.reduce((a, b) => a + b);
    };
    for (let i = 0; i < 100 && (await lengths()) > 0; i++) await pause(20);
    expect(await lengths()).toBe(0);
    await redis.quit();
    await process.close();
  });

  it('keeps word in the process while the server cannot be reached, and goes on when it can', async () => {
    const gate = new Gate();
    await gate.open(portOf(url));
    const process = await openProcess(gate.to(url));
    const handling = new Handling();
    process.stream.start(handling.handler);
    await process.stream.publish('t', ['before']);
    await until(() => handling.customersOf('t').includes('before'));
    await gate.close();
    await process.stream.publish('t', ['meanwhile']);
    await until(() => handling.customersOf('t').includes('meanwhile'));
    await gate.open(portOf(url));
    await until(() => process.stream.lag.ageMs === 0);
    await pause(1500);
    await process.stream.publish('t', ['after']);
    await until(() => handling.customersOf('t').includes('after'));
    await process.close();
    await gate.close();
  });
});
