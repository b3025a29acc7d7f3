import { randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { Bus, BusEvent } from '../../src/platform/bus.js';
import { RedisBus } from '../../src/platform/bus.redis.js';
import { connectRedis } from '../../src/platform/redis.js';

/** A bus as another process would have it. */
export async function openRedisBus(url: string) {
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

/** What comes of the topic from now on. */
export async function heardBy(bus: Bus, topic: string): Promise<readonly BusEvent[]> {
  const heard: BusEvent[] = [];
  await bus.subscribe(topic, event => void heard.push(event));
  return heard;
}

export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 25));
  expect(holds()).toBe(true);
}
