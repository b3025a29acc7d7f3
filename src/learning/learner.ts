import type { LessonCursor, Lessons } from './lessons.js';

export interface LearnerDeps {
  readonly lessons: Lessons;
  /** Told after each commit that has changed a placement's posteriors. */
  readonly announce: (tenantId: string, placements: readonly { readonly placementId: string; readonly version: number }[]) => Promise<void>;
  /** Told once where learning stops working, until it works again. */
  readonly onFailure: (error: unknown) => void;
}

/** Outcomes that come in quick succession are learned together. */
const debounceMs = 200;
/** How often to look for outcomes that other processes took, or that could not be learned from before. */
const sweepMs = 1000;

/** Learns from outcomes soon after they are committed. Several processes may run one each on the same database. */
export class Learner {
  readonly #deps: LearnerDeps;
  readonly #due = new Set<string>();
  #debounce: NodeJS.Timeout | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #failing = false;
  #closed = false;

  constructor(deps: LearnerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#sweep ??= setInterval(() => {
      this.#working ??= this.#work(async () => {
        for (const tenantId of await this.#deps.lessons.waiting()) this.#due.add(tenantId);
      });
    }, sweepMs);
  }

  /** Resolves when what is under way is committed; what is left waits in the database. */
  async stop(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#debounce);
    clearInterval(this.#sweep);
    await this.#working;
  }

  /** The tenant has new outcomes. */
  wake(tenantId: string): void {
    this.#due.add(tenantId);
    if (this.#closed) return;
    this.#debounce ??= setTimeout(() => {
      this.#debounce = undefined;
      this.#working ??= this.#work();
    }, debounceMs);
  }

  /** Learns from all that is waiting, unless somebody else is at it. */
  async learn(tenantId: string): Promise<void> {
    let from: LessonCursor | undefined;
    do {
      const lesson = await this.#deps.lessons.next(tenantId, from);
      if (lesson.kind === 'busy') return;
      if (lesson.placements.length > 0) await this.#deps.announce(tenantId, lesson.placements);
      from = lesson.next;
    } while (from !== undefined && !this.#closed);
  }

  async #work(find: () => Promise<void> = async () => undefined): Promise<void> {
    try {
      await find();
      for (const tenantId of this.#due) {
        this.#due.delete(tenantId);
        await this.learn(tenantId);
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing) this.#deps.onFailure(error);
      this.#failing = true;
    } finally {
      this.#working = undefined;
    }
  }
}
