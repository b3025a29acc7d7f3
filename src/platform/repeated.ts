/** Work that is done again and again, one at a time, until it is stopped. What fails is told, and tried again when its time comes. */
export class Repeated {
  readonly #work: () => Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  readonly #timer: NodeJS.Timeout;
  #running: Promise<void> | undefined;

  constructor(everyMs: number, work: () => Promise<void>, onFailure: (error: unknown) => void) {
    this.#work = work;
    this.#onFailure = onFailure;
    this.#timer = setInterval(() => { this.now().catch(() => undefined); }, everyMs).unref();
  }

  /** Does it at once, unless it is being done; resolves when it is done. */
  now(): Promise<void> {
    this.#running ??= this.#work().catch(this.#onFailure).finally(() => { this.#running = undefined; });
    return this.#running;
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
  }
}
