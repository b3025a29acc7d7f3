import type { BusEvent, BusHandler, Unsubscribe } from './bus.js';

/** Who listens in this process, by topic. */
export class BusSubscribers {
  readonly #handlers = new Map<string, Set<BusHandler>>();
  readonly #onFailure: (error: unknown) => void;

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Topics that somebody listens to. */
  get topics(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  add(topic: string, handler: BusHandler): Unsubscribe {
    const handlers = this.#handlers.get(topic) ?? new Set();
    // A set holds a function once, and two subscribers may share one.
    const own: BusHandler = event => handler(event);
    this.#handlers.set(topic, handlers.add(own));
    return () => {
      handlers.delete(own);
      if (handlers.size === 0 && this.#handlers.get(topic) === handlers) this.#handlers.delete(topic);
    };
  }

  /** Calls and awaits all of the topic; one that throws harms nobody. */
  async deliver(topic: string, event: BusEvent): Promise<void> {
    await Promise.all(Array.from(this.#handlers.get(topic) ?? [], async handler => {
      try {
        await handler(event);
      } catch (error) {
        this.#onFailure(error);
      }
    }));
  }

  clear(): void {
    this.#handlers.clear();
  }
}
