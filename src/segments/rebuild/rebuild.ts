import { Conflict } from '../../kernel/errors.js';

export type RebuildTarget = 'REDIS' | 'ELASTICSEARCH';

export interface RebuildStatus {
  readonly target: RebuildTarget;
  readonly state: 'RUNNING' | 'DONE' | 'FAILED';
  readonly done: number;
  readonly total: number;
  /** Of the truth and of what was rebuilt, read one after the other: the same where nothing changed between. Absent until it is done. */
  readonly digests?: { readonly truth: string; readonly rebuilt: string } | undefined;
}

/** How one projection is rebuilt; `advance` is told how far it has come. */
export interface Rebuildable {
  /** @param advance may throw, which breaks it off */
  rebuild(tenantId: string, advance: (done: number, total: number) => void): Promise<void>;
  digests(tenantId: string): Promise<{ readonly truth: string; readonly rebuilt: string }>;
}

/** Empties projections and fills them from the truth, while the server runs: one at a time of each, known to the process that does it. */
export class Rebuilds {
  readonly #targets: ReadonlyMap<RebuildTarget, Rebuildable>;
  readonly #onFailure: (error: unknown) => void;
  readonly #statuses = new Map<string, RebuildStatus>();
  readonly #running = new Set<Promise<void>>();
  #stopped = false;

  /** @param targets those that there are */
  constructor(targets: ReadonlyMap<RebuildTarget, Rebuildable>, onFailure: (error: unknown) => void) {
    this.#targets = targets;
    this.#onFailure = onFailure;
  }

  /** Of the last rebuild of each that this process has begun. */
  statusOf(tenantId: string): readonly RebuildStatus[] {
    return [...this.#targets.keys()].flatMap(it => this.#statuses.get(keyOf(tenantId, it)) ?? []);
  }

  /**
   * Begins those that are asked for; without any, all that there are. What is under way already is not begun again.
   * @throws Conflict where one is not there
   */
  start(tenantId: string, wanted: readonly RebuildTarget[]): readonly RebuildStatus[] {
    const targets = wanted.length === 0 ? [...this.#targets.keys()] : wanted;
    for (const it of targets) if (!this.#targets.has(it)) throw new Conflict('What is to be rebuilt is not configured here.', { details: { path: '/targets', target: it } });
    for (const target of targets) {
      if (this.#statuses.get(keyOf(tenantId, target))?.state === 'RUNNING') continue;
      const running = this.#run(tenantId, target).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    return this.statusOf(tenantId).filter(it => targets.includes(it.target));
  }

  /** Breaks off what is under way; resolves when that has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#running);
  }

  async #run(tenantId: string, target: RebuildTarget): Promise<void> {
    const rebuildable = this.#targets.get(target);
    let status: RebuildStatus = { target, state: 'RUNNING', done: 0, total: 0 };
    const say = (more: Partial<RebuildStatus>): void => {
      status = { ...status, ...more };
      this.#statuses.set(keyOf(tenantId, target), status);
    };
    say({});
    try {
      await rebuildable?.rebuild(tenantId, (done, total) => {
        if (this.#stopped) throw new Error('The server ends before it is rebuilt');
        say({ done, total });
      });
      say({ digests: await rebuildable?.digests(tenantId), state: 'DONE' });
    } catch (error) {
      this.#onFailure(error);
      say({ state: 'FAILED' });
    }
  }
}

const keyOf = (tenantId: string, target: RebuildTarget): string => `${target} ${tenantId}`;
