import { ReplyError, type Cluster, type Redis } from 'ioredis';
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
  readonly commands: Redis | Cluster;
  /** A connection of the bus's own, which need not subscribe anew by itself. */
  readonly subscriber: Redis;
  readonly processId: string;
  readonly onFailure: (error: unknown) => void;
}

interface Entry {
  readonly topic: string;
  readonly message: Json;
}

/** A topic that somebody here listens to. */
interface Channel {
  listeners: number;
  readonly opened: Promise<void>;
}

const publishedAtOnce = 250;

/** Reaches this process directly and the others by Redis Pub/Sub: one connection, one channel for each topic that somebody here listens to. */
export class RedisBus implements Bus {
  readonly #deps: RedisBusDeps;
  readonly #local: BusSubscribers;
  readonly #channels = new Map<string, Channel>();
  #state: 'heard' | 'lost';

  constructor(deps: RedisBusDeps) {
    this.#deps = deps;
    this.#local = new BusSubscribers(deps.onFailure);
    const { subscriber } = deps;
    this.#state = subscriber.status === 'ready' ? 'heard' : 'lost';
    subscriber.on('message', (channel: string, text: string) => { this.#received(channel, text); });
    subscriber.on('close', () => { this.#state = 'lost'; });
    subscriber.on('ready', () => { this.#reconnected().catch(deps.onFailure); });
  }

  async publish(topic: string, message: Json): Promise<void> {
    await this.publishMany([{ topic, message }]);
  }

  /** Part by part, since whoever is called here keeps this process from hearing the server's answers, and a command has little time. */
  async publishMany(entries: readonly Entry[]): Promise<void> {
    let failure: unknown;
    for (let from = 0; from < entries.length; from += publishedAtOnce) {
      const part = entries.slice(from, from + publishedAtOnce);
      const [sent] = await Promise.allSettled([
        failure === undefined ? this.#send(part) : undefined,
        ...part.map(({ topic, message }) => this.#local.deliver(topic, { kind: 'message', message })),
      ]);
      if (sent.status === 'rejected') failure = sent.reason;
    }
    if (failure !== undefined) throw new DependencyUnavailable('Redis did not take the message', { cause: failure });
  }

  async subscribe(topic: string, handler: BusHandler): Promise<Unsubscribe> {
    const unsubscribe = this.#local.add(topic, handler);
    const channel = this.#channels.get(topic) ?? { listeners: 0, opened: this.#open([topic]) };
    this.#channels.set(topic, channel);
    channel.listeners += 1;
    let isOver = false;
    const leave = (): void => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      this.#left(topic, channel);
    };
    try {
      await channel.opened;
    } catch (cause) {
      leave();
      throw new DependencyUnavailable('Redis refused the subscription', { cause });
    }
    return leave;
  }

  async close(): Promise<void> {
    this.#channels.clear();
    this.#local.clear();
  }

  async #send(entries: readonly Entry[]): Promise<void> {
    const pipeline = this.#deps.commands.pipeline();
    for (const { topic, message } of entries) {
      const envelope: Envelope = { from: this.#deps.processId, message };
      pipeline.publish(topic, JSON.stringify(envelope));
    }
    const failed = (await pipeline.exec())?.find(([error]) => error !== null);
    if (failed?.[0]) throw failed[0];
  }

  /** While the connection is lost there is nothing to do: all that is listened to is subscribed when it comes back. */
  async #open(topics: readonly string[]): Promise<void> {
    const { subscriber } = this.#deps;
    if (!this.#hears() || topics.length === 0) return;
    try {
      await subscriber.subscribe(...topics);
    } catch (error) {
      if (error instanceof ReplyError) throw error;
      if (!this.#hears()) return;
      this.#state = 'lost';
      subscriber.disconnect(true);
    }
  }

  #hears(): boolean {
    return this.#state === 'heard';
  }

  #left(topic: string, channel: Channel): void {
    channel.listeners -= 1;
    if (channel.listeners > 0 || this.#channels.get(topic) !== channel) return;
    this.#channels.delete(topic);
    if (this.#hears()) this.#deps.subscriber.unsubscribe(topic).catch(this.#deps.onFailure);
  }

  #received(topic: string, text: string): void {
    try {
      const { from, message } = JSON.parse(text) as Envelope;
      if (from !== this.#deps.processId) void this.#local.deliver(topic, { kind: 'message', message });
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }

  /** What was sent meanwhile is lost. Tells so only when it hears again: what changes while somebody reads anew is then told as ever. */
  async #reconnected(): Promise<void> {
    this.#state = 'heard';
    await this.#open([...this.#channels.keys()]);
    if (!this.#hears()) return;
    for (const topic of this.#local.topics) void this.#local.deliver(topic, { kind: 'gap' });
  }
}
