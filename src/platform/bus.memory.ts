import type { Json } from '../kernel/json.js';
import type { Bus, BusHandler, Unsubscribe } from './bus.js';
import { BusSubscribers } from './bus-subscribers.js';

/** For a single process. */
export class MemoryBus implements Bus {
  readonly #subscribers: BusSubscribers;

  constructor(onFailure: (error: unknown) => void) {
    this.#subscribers = new BusSubscribers(onFailure);
  }

  publish(topic: string, message: Json): Promise<void> {
    return this.#subscribers.deliver(topic, { kind: 'message', message });
  }

  async publishMany(entries: readonly { readonly topic: string; readonly message: Json }[]): Promise<void> {
    await Promise.all(entries.map(({ topic, message }) => this.publish(topic, message)));
  }

  async subscribe(topic: string, handler: BusHandler): Promise<Unsubscribe> {
    return this.#subscribers.add(topic, handler);
  }

  async close(): Promise<void> {
    this.#subscribers.clear();
  }
}
