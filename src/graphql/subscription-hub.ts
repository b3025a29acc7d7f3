import { SlowConsumer } from '../kernel/errors.js';

export interface QueueOptions {
  /** Values that may wait, 1 or more. One more closes the queue with SlowConsumer. */
  readonly capacity: number;
  /** Called once, when the queue has ended: by its reader, by `close`, or by overflowing. */
  readonly onEnd?: () => void;
}

interface Waiting<T> {
  readonly key: string | undefined;
  value: T;
}

interface Reader<T> {
  readonly resolve: (result: IteratorResult<T, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * What one subscription has yet to be sent. A value with a key takes the place of a waiting one with the same key, so
 * a slow reader skips what has been overtaken. Nothing here ever waits for a reader: it is left behind or closed.
 */
export class SubscriptionQueue<T> implements AsyncIterableIterator<T, undefined> {
  readonly #capacity: number;
  readonly #onEnd: () => void;
  readonly #waiting: Waiting<T>[] = [];
  readonly #byKey = new Map<string, Waiting<T>>();
  readonly #readers: Reader<T>[] = [];
  #state: 'open' | 'closed' | 'ended' = 'open';
  #failure: Error | undefined;

  constructor({ capacity, onEnd }: QueueOptions) {
    this.#capacity = capacity;
    this.#onEnd = onEnd ?? ((): void => undefined);
  }

  /** Values that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /** Without effect once the queue is closed. */
  push(value: T, key?: string): void {
    if (this.#state !== 'open') return;
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve({ value, done: false });
      return;
    }
    const older = key === undefined ? undefined : this.#byKey.get(key);
    if (older !== undefined) older.value = value;
    else if (this.#waiting.length >= this.#capacity) this.fail(new SlowConsumer('The subscription was read too slowly.'));
    else this.#add({ key, value });
  }

  /** Ends the queue after what waits has been read. */
  close(): void {
    if (this.#state !== 'open') return;
    if (this.#waiting.length === 0) this.#end(undefined);
    else this.#state = 'closed';
  }

  /** Drops what waits; the next read fails with `error`. */
  fail(error: Error): void {
    if (this.#state !== 'ended') this.#end(error);
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const first = this.#waiting.shift();
    if (first !== undefined) {
      if (first.key !== undefined) this.#byKey.delete(first.key);
      if (this.#state === 'closed' && this.#waiting.length === 0) this.#end(undefined);
      return Promise.resolve({ value: first.value, done: false });
    }
    if (this.#state === 'ended') return this.#afterEnd();
    return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
  }

  return(): Promise<IteratorResult<T, undefined>> {
    if (this.#state !== 'ended') this.#end(undefined);
    this.#failure = undefined;
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #add(waiting: Waiting<T>): void {
    this.#waiting.push(waiting);
    if (waiting.key !== undefined) this.#byKey.set(waiting.key, waiting);
  }

  #afterEnd(): Promise<IteratorResult<T, undefined>> {
    const failure = this.#failure;
    this.#failure = undefined;
    return failure === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(failure);
  }

  #end(failure: Error | undefined): void {
    this.#state = 'ended';
    this.#failure = failure;
    this.#waiting.length = 0;
    this.#byKey.clear();
    for (const reader of this.#readers.splice(0)) void this.#afterEnd().then(reader.resolve, reader.reject);
    this.#onEnd();
  }
}

/**
 * A queue that `start` fills. What `start` returns is called once, when the queue ends; also where it had ended before
 * `start` was through.
 */
export async function subscriptionTo<T>(
  capacity: number,
  start: (queue: SubscriptionQueue<T>) => Promise<() => void>,
): Promise<SubscriptionQueue<T>> {
  const ended = new AbortController();
  const queue = new SubscriptionQueue<T>({
    capacity,
    onEnd: () => {
      ended.abort();
    },
  });
  const stop = await start(queue);
  if (ended.signal.aborted) stop();
  else ended.signal.addEventListener('abort', stop, { once: true });
  return queue;
}
