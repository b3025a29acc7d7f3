import { attemptsPerBatch, pauseAfter, type CustomersHandler, type EventStream, type StreamLag } from './event-stream.js';

export interface MemoryEventStreamOptions {
  readonly onFailure: (error: unknown) => void;
  /** Customers that may wait at once. */
  readonly capacity?: number;
  readonly now?: () => number;
}

const mostWaiting = 200_000;
const batchSize = 500;

/** Within one process: a customer waits once, however often there is word of them, and each tenant's are handled one batch after the other. */
export class MemoryEventStream implements EventStream {
  readonly #onFailure: (error: unknown) => void;
  readonly #capacity: number;
  readonly #now: () => number;
  /** When each began to wait, by tenant and customer, oldest first. */
  readonly #waiting = new Map<string, Map<string, number>>();
  readonly #running = new Map<string, Promise<void>>();
  #handler: CustomersHandler | undefined;
  #size = 0;
  #dropped = 0;
  #ageMs = 0;
  #closed = false;

  constructor({ onFailure, capacity = mostWaiting, now = Date.now }: MemoryEventStreamOptions) {
    this.#onFailure = onFailure;
    this.#capacity = capacity;
    this.#now = now;
  }

  async publish(tenantId: string, customerIds: readonly string[]): Promise<void> {
    const waiting = this.#waiting.get(tenantId) ?? new Map<string, number>();
    this.#waiting.set(tenantId, waiting);
    const now = this.#now();
    for (const id of customerIds) {
      if (waiting.has(id)) continue;
      if (this.#size >= this.#capacity) this.#dropped += 1;
      else {
        waiting.set(id, now);
        this.#size += 1;
      }
    }
    this.#pump(tenantId);
  }

  start(handler: CustomersHandler): void {
    this.#handler = handler;
    for (const tenantId of this.#waiting.keys()) this.#pump(tenantId);
  }

  get lag(): StreamLag {
    return { waiting: this.#size, ageMs: this.#ageMs, dropped: this.#dropped };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#running.values());
  }

  #pump(tenantId: string): void {
    if (this.#handler === undefined || this.#closed || this.#running.has(tenantId)) return;
    const handler = this.#handler;
    const run = Promise.resolve().then(() => this.#handleAll(tenantId, handler));
    this.#running.set(tenantId, run);
  }

  async #handleAll(tenantId: string, handler: CustomersHandler): Promise<void> {
    const waiting = this.#waiting.get(tenantId);
    while (waiting !== undefined && waiting.size > 0 && !this.#closed) {
      const batch = [...waiting.entries()].slice(0, batchSize);
      for (const [id] of batch) waiting.delete(id);
      this.#size -= batch.length;
      this.#ageMs = this.#now() - (batch[0]?.[1] ?? this.#now());
      await this.#handle(tenantId, batch.map(([id]) => id), handler);
    }
    this.#waiting.delete(tenantId);
    this.#running.delete(tenantId);
    if (this.#size === 0) this.#ageMs = 0;
  }

  async #handle(tenantId: string, customerIds: readonly string[], handler: CustomersHandler): Promise<void> {
    for (let attempt = 0; attempt < attemptsPerBatch && !this.#closed; attempt++) {
      try {
        await handler(tenantId, customerIds);
        return;
      } catch (error) {
        this.#onFailure(error);
        await new Promise(resolve => setTimeout(resolve, pauseAfter(attempt)));
      }
    }
    this.#dropped += customerIds.length;
  }
}
