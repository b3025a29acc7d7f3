import { expect, it } from '@jest/globals';
import { MemoryEventStream } from '../../src/events/event-stream.memory.js';
import { Handling, itBehavesLikeAnEventStream, until } from './event-stream.contract.js';

itBehavesLikeAnEventStream('MemoryEventStream', async () => {
  const stream = new MemoryEventStream({ onFailure: () => undefined });
  return { stream, close: () => stream.close() };
});

it('MemoryEventStream leaves to the sweep what there is no room for, and counts it', async () => {
  const stream = new MemoryEventStream({ onFailure: () => undefined, capacity: 3 });
  await stream.publish('t', ['a', 'b']);
  await stream.publish('u', ['a', 'b', 'c']);
  expect(stream.lag).toMatchObject({ waiting: 3, dropped: 2 });
  const handling = new Handling();
  stream.start(handling.handler);
  await until(() => handling.done.length === 3);
  await stream.publish('u', ['d']);
  await until(() => handling.done.length === 4);
  expect(stream.lag).toEqual({ waiting: 0, ageMs: 0, dropped: 2 });
  await stream.close();
});

it('MemoryEventStream lets a customer wait once', async () => {
  const stream = new MemoryEventStream({ onFailure: () => undefined });
  for (let i = 0; i < 100; i++) await stream.publish('t', ['a']);
  expect(stream.lag.waiting).toBe(1);
});
