import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Json } from '../../src/kernel/json.js';
import { configTopic, customerTopic, type Bus, type BusEvent } from '../../src/platform/bus.js';

export interface OpenedBus {
  readonly bus: Bus;
  readonly failures: readonly unknown[];
  close(): Promise<void>;
}

/** What every Bus must do; each adapter's own test only calls this. */
export function itBehavesLikeABus(name: string, open: () => Promise<OpenedBus>): void {
  describe(`${name} as a Bus`, () => {
    let opened: OpenedBus;
    beforeAll(async () => {
      opened = await open();
    });
    afterAll(() => opened.close());
    const messagesOf = (heard: readonly BusEvent[]): readonly Json[] => heard.flatMap(it => (it.kind === 'message' ? [it.message] : []));

    it('has called and awaited the subscribers of this process when publishing resolves', async () => {
      const topic = configTopic(randomUUID());
      const done: string[] = [];
      const unsubscribe = await opened.bus.subscribe(topic, async () => {
        await new Promise(resolve => setTimeout(resolve, 20));
        done.push('slow');
      });
      await opened.bus.publish(topic, { version: 1 });
      expect(done).toEqual(['slow']);
      unsubscribe();
    });

    it('delivers to each subscriber once, in order, and to nobody who has left', async () => {
      const topic = configTopic(randomUUID());
      const heard: BusEvent[][] = [[], []];
      const leave = await Promise.all(heard.map(list => opened.bus.subscribe(topic, event => void list.push(event))));
      await opened.bus.publishMany([1, 2, 3].map(message => ({ topic, message })));
      leave[0]?.();
      leave[0]?.();
      await opened.bus.publish(topic, 4);
      await new Promise(resolve => setTimeout(resolve, 50));
      expect(heard.map(messagesOf)).toEqual([[1, 2, 3], [1, 2, 3, 4]]);
      leave[1]?.();
    });

    it('keeps topics apart, whatever characters the ids have', async () => {
      const tenant = randomUUID();
      const ids = ['a', 'a:b', '{a}', 'b:', '*', 'ü\u{1F600}', '%3A'];
      const heard = new Map<string, Json[]>();
      const leave = await Promise.all(ids.map(id => opened.bus.subscribe(customerTopic(tenant, id), event => void (heard.set(id, [...(heard.get(id) ?? []), ...messagesOf([event])])))));
      for (const id of ids) await opened.bus.publish(customerTopic(tenant, id), id);
      await opened.bus.publish(customerTopic(`${tenant}:a`, 'b'), 'stray');
      expect(heard).toEqual(new Map(ids.map(id => [id, [id]])));
      for (const it of leave) it();
    });

    it('is not harmed by a subscriber that throws', async () => {
      const topic = configTopic(randomUUID());
      const heard: BusEvent[] = [];
      const before = opened.failures.length;
      const leave = [
        await opened.bus.subscribe(topic, () => { throw new Error('faulty'); }),
        await opened.bus.subscribe(topic, event => void heard.push(event)),
      ];
      await opened.bus.publish(topic, 'news');
      expect(messagesOf(heard)).toEqual(['news']);
      expect(opened.failures.length).toBe(before + 1);
      for (const it of leave) it();
    });
  });
}
