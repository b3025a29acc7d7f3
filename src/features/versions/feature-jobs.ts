import type { CustomersChanged } from '../../customers/customer.js';

export interface PageDone {
  readonly tenantId: string;
  /** Customers whose values are other ones now. */
  readonly changed: readonly string[];
}

export interface JobPages {
  /** Does the next page of some job; undefined where nothing is to be done that nobody else is at. */
  next(now: number): Promise<PageDone | undefined>;
}

export interface FeatureJobsDeps {
  readonly pages: JobPages;
  readonly changed: CustomersChanged;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

const restMs = 2000;

/** Does the jobs of all tenants, a page at a time. Several processes may run one each; what one leaves undone another goes on with. */
export class FeatureJobs {
  readonly #deps: FeatureJobsDeps;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  /** Since it was last looked for jobs: the look may have come before the job. */
  #isAsked = false;
  #isStopped = false;

  constructor(deps: FeatureJobsDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.work(), restMs).unref();
  }

  /** Resolves when nothing is left to do. Never rejects: what fails is tried again. */
  work(): Promise<void> {
    this.#isAsked = true;
    this.#working ??= this.#all();
    return this.#working;
  }

  /** Resolves when the page that is under way is done. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#timer);
    await this.#working;
  }

  async #all(): Promise<void> {
    const { changed, onFailure } = this.#deps;
    try {
      for (let done = await this.#next(); done !== undefined || this.#isAsked; done = await this.#next()) {
        if (done !== undefined && done.changed.length > 0) await changed(done.tenantId, done.changed);
        if (this.#isStopped) break;
      }
    } catch (error) {
      onFailure(error);
    }
    this.#working = undefined;
  }

  #next(): Promise<PageDone | undefined> {
    this.#isAsked = false;
    return this.#deps.pages.next(this.#deps.now());
  }
}
