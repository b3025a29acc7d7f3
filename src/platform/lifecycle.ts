import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Something that runs as long as the server does. */
export interface Part {
  readonly name: string;
  /** Called when the parts before it run. */
  start?(): Promise<void>;
  /** Called when the parts after it have stopped, where its start was reached, also where it has failed. */
  stop(): Promise<void>;
}

/** Each state is reached once, in this order; `starting` may be followed by `stopping`. */
export type LifeState =
  | { readonly at: 'new' }
  | { readonly at: 'starting' }
  | { readonly at: 'running' }
  | { readonly at: 'stopping'; readonly done: Promise<void> }
  | { readonly at: 'stopped' };

export interface LifecycleOptions {
  readonly logger: Logger;
  /** What one part has to stop in; then the next one's turn comes, and the late one is named in the log. */
  readonly stopTimeoutMs: number;
}

/** Starts parts in order and stops them in reverse. */
export class Lifecycle {
  readonly #options: LifecycleOptions;
  readonly #reached: Part[] = [];
  #state: LifeState = { at: 'new' };

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  get state(): LifeState {
    return this.#state;
  }

  /**
   * Starts one part after the other. Where one fails, those that were reached are stopped before this throws its error.
   * Asked to stop meanwhile, it starts no further one.
   */
  async start(parts: readonly Part[]): Promise<void> {
    if (this.#state.at === 'new') this.#state = { at: 'starting' };
    try {
      for (const part of parts) {
        if (this.#state.at !== 'starting') return;
        this.#reached.push(part);
        await part.start?.();
      }
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#state.at === 'starting') this.#state = { at: 'running' };
  }

  /** Resolves when all has stopped; asked again it is the same stop. No failure of a part keeps the others from stopping. */
  stop(): Promise<void> {
    switch (this.#state.at) {
      case 'stopped':
        return Promise.resolve();
      case 'stopping':
        return this.#state.done;
      case 'new':
      case 'starting':
      case 'running': {
        const done = this.#stopAll();
        this.#state = { at: 'stopping', done };
        return done;
      }
    }
  }

  /** From now on SIGTERM and SIGINT stop what runs, and then the process ends; a second signal ends it at once. */
  stopOnSignals(exit: (code: number) => void = code => process.exit(code)): void {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (this.#state.at === 'stopping') {
          exit(1);
          return;
        }
        this.#options.logger.info({ signal }, 'stopping');
        void this.stop().then(() => {
          exit(0);
        });
      });
    }
  }

  async #stopAll(): Promise<void> {
    for (let part = this.#reached.pop(); part !== undefined; part = this.#reached.pop()) await this.#stopOne(part);
    this.#state = { at: 'stopped' };
  }

  async #stopOne(part: Part): Promise<void> {
    const { logger, stopTimeoutMs } = this.#options;
    const timeout = new AbortController();
    try {
      const result = await Promise.race([part.stop(), sleep(stopTimeoutMs, 'late' as const, { signal: timeout.signal })]);
      if (result === 'late') logger.error({ part: part.name, stopTimeoutMs }, 'a part does not stop in time and is left behind');
    } catch (error) {
      logger.error({ part: part.name, err: error }, 'a part failed to stop');
    } finally {
      timeout.abort();
    }
  }
}
