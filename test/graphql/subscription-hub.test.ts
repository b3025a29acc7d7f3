import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SubscriptionQueue, subscriptionTo } from '../../src/graphql/subscription-hub.js';
import { SlowConsumer } from '../../src/kernel/errors.js';

async function rest<T>(queue: SubscriptionQueue<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of queue) values.push(value);
  return values;
}

describe('SubscriptionQueue', () => {
  it('hands a value to who waits for it, and keeps others in order', async () => {
    const queue = new SubscriptionQueue<number>({ capacity: 3 });
    const [first, second] = [queue.next(), queue.next()];
    for (const value of [1, 2, 3, 4]) queue.push(value);
    expect([await first, await second]).toEqual([{ value: 1, done: false }, { value: 2, done: false }]);
    expect(queue.length).toBe(2);
    queue.close();
    queue.push(5);
    expect(await rest(queue)).toEqual([3, 4]);
  });

  it('puts a newer value in the place of the older one with its key', async () => {
    const queue = new SubscriptionQueue<string>({ capacity: 2 });
    queue.push('a1', 'a');
    queue.push('b1', 'b');
    queue.push('a2', 'a');
    queue.push('a3', 'a');
    expect((await queue.next()).value).toBe('a3');
    queue.push('a4', 'a');
    queue.close();
    expect(await rest(queue)).toEqual(['b1', 'a4']);
  });

  it('ends by SlowConsumer, once, when more wait than may', async () => {
    let ended = 0;
    const queue = new SubscriptionQueue<number>({ capacity: 2, onEnd: () => (ended += 1) });
    for (const value of [1, 2, 3, 4]) queue.push(value);
    expect([queue.length, ended]).toEqual([0, 1]);
    await expect(queue.next()).rejects.toBeInstanceOf(SlowConsumer);
    expect(await queue.next()).toEqual({ value: undefined, done: true });
    await queue.return();
    expect(ended).toBe(1);
  });

  it('ends readers that wait when it is closed, returned or fails', async () => {
    for (const [end, expected] of [
      ['close', 'done'],
      ['return', 'done'],
      ['fail', 'gone'],
    ] as const) {
      let ended = 0;
      const queue = new SubscriptionQueue<number>({ capacity: 1, onEnd: () => (ended += 1) });
      const waiting = queue.next().then(
        ({ done }) => (done === true ? 'done' : 'value'),
        (error: unknown) => (error as Error).message,
      );
      if (end === 'close') queue.close();
      else if (end === 'return') await queue.return();
      else queue.fail(new Error('gone'));
      expect([await waiting, ended]).toEqual([expected, 1]);
    }
  });

  it('never holds more than its capacity, and loses only what was overtaken', async () => {
    const step = fc.oneof(
      fc.record({ key: fc.option(fc.constantFrom('a', 'b', 'c'), { nil: undefined }) }),
      fc.constant('read' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, capacity) => {
        let ended = 0;
        const queue = new SubscriptionQueue<number>({ capacity, onEnd: () => (ended += 1) });
        let expected: { key: string | undefined; value: number }[] = [];
        for (const [value, it] of steps.entries()) {
          if (ended > 0) break;
          if (it === 'read') {
            if (queue.length > 0) expect((await queue.next()).value).toBe(expected.shift()?.value);
            continue;
          }
          const older = expected.find(({ key }) => key !== undefined && key === it.key);
          queue.push(value, it.key);
          if (older !== undefined) older.value = value;
          else if (expected.length < capacity) expected.push({ key: it.key, value });
          else expected = [];
          expect(queue.length).toBe(expected.length);
          expect(ended).toBe(expected.length > 0 ? 0 : 1);
        }
      }),
      { seed: 11 },
    );
  });
});

describe('subscriptionTo', () => {
  it('stops its source when it ends', async () => {
    let stopped = 0;
    const queue = await subscriptionTo<number>(2, async () => () => (stopped += 1));
    expect(stopped).toBe(0);
    await queue.return();
    expect(stopped).toBe(1);
  });

  it('stops its source also where it ended while that was starting', async () => {
    let stopped = 0;
    const queue = await subscriptionTo<number>(1, async started => {
      started.push(1);
      started.push(2);
      return () => (stopped += 1);
    });
    expect(stopped).toBe(1);
    await expect(queue.next()).rejects.toBeInstanceOf(SlowConsumer);
  });

  it('fails where its source does not start', async () => {
    await expect(subscriptionTo<number>(1, async () => Promise.reject(new Error('no source')))).rejects.toThrow('no source');
  });
});
