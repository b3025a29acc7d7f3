import type { Redis } from 'ioredis';
import { DependencyUnavailable } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Bus, BusHandler, Unsubscribe } from './bus.js';
import { BusSubscribers } from './bus-subscribers.js';

interface Envelope {
  /** The process that sent it: it has told its own subscribers already. */
  readonly from: string;
  readonly message: Json;
}

export interface RedisBusDeps {
  readonly commands: Redis;
  /** A connection of the bus's own. */
  readonly subscriber: Redis;
  readonly processId: string;
  readonly onFailure: (error: unknown) => void;
}

/** Reaches this process directly and the others by Redis Pub/Sub: one connection, one channel for each topic that somebody here listens to. */
export class RedisBus implements Bus {
  readonly #deps: RedisBusDeps;
  readonly #local: BusSubscribers;
  readonly #counts = new Map<string, number>();
  #wasConnected = true;

  constructor(deps: RedisBusDeps) {
    this.#deps = deps;
    this.#local = new BusSubscribers(deps.onFailure);
    const { subscriber } = deps;
    subscriber.on('message', (channel: string, text: string) => { this.#received(channel, text); });
    subscriber.on('close', () => { this.#wasConnected = false; });
    subscriber.on('ready', () => { this.#reconnected(); });
  }

  async publish(topic: string, message: Json): Promise<void> {
    await this.publishMany([{ topic, message }]);
  }

  async publishMany(entries: readonly { readonly topic: string; readonly message: Json }[]): Promise<void> {
    if (entries.length === 0) return;
    const pipeline = this.#deps.commands.pipeline();
    for (const { topic, message } of entries) {
      const envelope: Envelope = { from: this.#deps.processId, message };
      pipeline.publish(topic, JSON.stringify(envelope));
    }
    const [sent] = await Promise.allSettled([pipeline.exec(), ...entries.map(({ topic, message }) => this.#local.deliver(topic, { kind: 'message', message }))]);
    const failure = sent.status === 'rejected' ? (sent.reason as unknown) : sent.value?.find(([error]) => error !== null)?.[0];
    if (failure !== undefined) throw new DependencyUnavailable('Redis did not take the message', { cause: failure });
  }

  async subscribe(topic: string, handler: BusHandler): Promise<Unsubscribe> {
    const unsubscribe = this.#local.add(topic, handler);
    const count = (this.#counts.get(topic) ?? 0) + 1;
    this.#counts.set(topic, count);
    if (count === 1) await this.#deps.subscriber.subscribe(topic);
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      this.#leave(topic);
    };
  }

  async close(): Promise<void> {
    this.#counts.clear();
    this.#local.clear();
  }

  #leave(topic: string): void {
    const left = (this.#counts.get(topic) ?? 0) - 1;
    if (left > 0) {
      this.#counts.set(topic, left);
      return;
    }
    if (this.#counts.delete(topic)) this.#deps.subscriber.unsubscribe(topic).catch(this.#deps.onFailure);
  }

  #received(topic: string, text: string): void {
    try {
      const { from, message } = JSON.parse(text) as Envelope;
      if (from !== this.#deps.processId) void this.#local.deliver(topic, { kind: 'message', message });
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }

  /** ioredis has subscribed anew by itself; what was sent meanwhile is lost. */
  #reconnected(): void {
    if (this.#wasConnected) return;
    this.#wasConnected = true;
    for (const topic of this.#local.topics) void this.#local.deliver(topic, { kind: 'gap' });
  }
}
