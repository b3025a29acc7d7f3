import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { CustomersHandler, EventStream } from '../../src/events/event-stream.js';

export interface OpenedStream {
  readonly stream: EventStream;
  close(): Promise<void>;
}

export async function until(holds: () => boolean): Promise<void> {
  for (let i = 0; i < 400 && !holds(); i++) await new Promise(resolve => setTimeout(resolve, 25));
  expect(holds()).toBe(true);
}

export const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** Notes what it is called with, and whether a customer is ever handled twice at the same time. */
export class Handling {
  readonly done: (readonly [tenantId: string, customerId: string])[] = [];
  readonly #under = new Map<string, number>();
  overlaps = 0;
  readonly #work: CustomersHandler;

  constructor(work: CustomersHandler = async () => undefined) {
    this.#work = work;
  }

  readonly handler: CustomersHandler = async (tenantId, ids) => {
    const keys = ids.map(id => JSON.stringify([tenantId, id]));
    for (const key of keys) {
      const under = (this.#under.get(key) ?? 0) + 1;
      if (under > 1) this.overlaps += 1;
      this.#under.set(key, under);
    }
    try {
      await this.#work(tenantId, ids);
      this.done.push(...ids.map(id => [tenantId, id] as const));
    } finally {
      for (const key of keys) this.#under.set(key, (this.#under.get(key) ?? 1) - 1);
    }
  };

  customersOf(tenantId: string): readonly string[] {
    return [...new Set(this.done.filter(it => it[0] === tenantId).map(it => it[1]))].sort();
  }
}

/** What every EventStream must do; each adapter's own test only calls this. */
export function itBehavesLikeAnEventStream(name: string, open: () => Promise<OpenedStream>): void {
  describe(`${name} as an EventStream`, () => {
    let opened: OpenedStream;
    const tenant = randomUUID();
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(() => opened.close());

    it('hands over each customer, whatever characters the ids have, also what came before the handler', async () => {
      const handling = new Handling();
      const ids = ['a', '{a}:b', '*', 'ü\u{1F600}', '"', '%00', ' '];
      await opened.stream.publish(tenant, ids.slice(0, 3));
      opened.stream.start(handling.handler);
      await opened.stream.publish(tenant, ids.slice(3));
      await opened.stream.publish(`${tenant}:a`, ['b']);
      await until(() => handling.done.length >= ids.length + 1);
      expect(handling.customersOf(tenant)).toEqual([...ids].sort());
      expect(handling.customersOf(`${tenant}:a`)).toEqual(['b']);
    });

    it('hands a customer over again for what comes while they are handled, and not at the same time', async () => {
      let again = 3;
      const handling = new Handling(async () => {
        if (again-- > 0) await opened.stream.publish(tenant, ['ada', `c${again}`]);
        await pause(30);
      });
      opened.stream.start(handling.handler);
      await opened.stream.publish(tenant, ['ada']);
      await until(() => handling.done.filter(it => it[1] === 'ada').length === 4);
      await pause(50);
      expect(handling.done.filter(it => it[1] === 'ada')).toHaveLength(4);
      expect(handling.overlaps).toBe(0);
    });

    it('hands over again what failed', async () => {
      let failures = 2;
      const handling = new Handling(async () => {
        if (failures-- > 0) throw new Error('away');
      });
      opened.stream.start(handling.handler);
      await opened.stream.publish(tenant, ['ada', 'bob']);
      await until(() => handling.customersOf(tenant).length === 2);
      expect(handling.overlaps).toBe(0);
    });

    it('says how far it is behind', async () => {
      let open = (): void => undefined;
      const gate = new Promise<void>(resolve => { open = resolve; });
      const handling = new Handling(() => gate);
      opened.stream.start(handling.handler);
      for (let i = 0; i < 40; i++) await opened.stream.publish(tenant, [`c${i}`]);
      await pause(300);
      open();
      await until(() => handling.customersOf(tenant).length === 40);
      await until(() => opened.stream.lag.waiting === 0 && opened.stream.lag.ageMs === 0);
      expect(opened.stream.lag.dropped).toBe(0);
    });

    it('finishes what it is handling before it closes', async () => {
      const handling = new Handling(() => pause(200));
      opened.stream.start(handling.handler);
      await opened.stream.publish(tenant, ['ada']);
      await pause(100);
      await opened.close();
      const done = handling.done.length;
      await pause(300);
      expect(handling.done).toHaveLength(done);
      expect(handling.overlaps).toBe(0);
    });
  });
}
