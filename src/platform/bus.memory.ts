import type { Json } from '../kernel/json.js';
import type { Bus, BusEvent, BusHandler, Unsubscribe } from './bus.js';

/** Reaches the subscribers of this process; what another bus adds for other processes builds on it. */
export class MemoryBus implements Bus {
  readonly #handlers = new Map<string, Set<BusHandler>>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Topics that somebody is subscribed to. */
  get topics(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  async publish(topic: string, message: Json): Promise<void> {
    await this.deliver(topic, { kind: 'message', message });
  }

  async publishMany(entries: readonly { readonly topic: string; readonly message: Json }[]): Promise<void> {
    await Promise.all(entries.map(({ topic, message }) => this.publish(topic, message)));
  }

  async subscribe(topic: string, handler: BusHandler): Promise<Unsubscribe> {
    const handlers = this.#handlers.get(topic) ?? new Set();
    // A set holds a function once, and two subscribers may share one.
    const own: BusHandler = event => handler(event);
    this.#handlers.set(topic, handlers.add(own));
    return () => {
      handlers.delete(own);
      if (handlers.size === 0 && this.#handlers.get(topic) === handlers) this.#handlers.delete(topic);
    };
  }

  async deliver(topic: string, event: BusEvent): Promise<void> {
    const handlers = this.#handlers.get(topic);
    if (handlers === undefined) return;
    await Promise.all(Array.from(handlers, async handler => {
      try {
        await handler(event);
      } catch (error) {
        this.#onFailure(error);
      }
    }));
  }

  async close(): Promise<void> {
    this.#handlers.clear();
  }
}
