import { seedOf } from '../../kernel/hash.js';
import type { CustomerChanged } from '../../customers/customer-changed.js';
import type { ConfigurationChanged } from '../../tenants/definitions.js';
import type { Ask, Personalizer } from '../personalizer.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { causeOfConfiguration, causeOfCustomer, nextBoundary } from './causes.js';
import { encodeCursor, shownBy, type Cause, type DecisionUpdate, type FeedPosition } from './decision-update.js';

export interface LiveFeedDeps {
  readonly personalizer: Pick<Personalizer, 'compute' | 'record'>;
  readonly snapshot: (tenantId: string) => Promise<Snapshot>;
  /** Calls back for each change of the customer, and with undefined where some may have been missed; resolves when it is active. */
  readonly followCustomer: (tenantId: string, customerId: string, listener: (change: CustomerChanged | undefined) => void) => Promise<() => void>;
  readonly now: () => number;
  readonly newId: (now: number) => string;
  readonly onFailure: (error: unknown) => void;
}

interface Watch {
  readonly tenantId: string;
  readonly ask: Ask & { readonly placementId: string; readonly seed: number };
  readonly push: (update: DecisionUpdate) => void;
  shown: string | undefined;
  /** The first cause since the last decision; later ones of the same burst add nothing that a client could use. */
  cause: Cause | undefined;
}

/** No page waits for a pushed decision to be drawn: it is given time, so that a busy moment does not push a poorer one. */
const deadlineMs = 1000;
const batchSize = 64;
const retryMs = 250;
const longestTimerMs = 3_600_000;

/** Decides again for open subscriptions when something that their decision rests on has changed, and pushes what differs. */
export class LiveFeed {
  readonly #deps: LiveFeedDeps;
  readonly #byTenant = new Map<string, Set<Watch>>();
  readonly #dirty = new Set<Watch>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #working = false;

  constructor(deps: LiveFeedDeps) {
    this.#deps = deps;
  }

  get size(): number {
    let size = 0;
    for (const watches of this.#byTenant.values()) size += watches.size;
    return size;
  }

  /**
   * Pushes the present decision, then each that differs from the one before, until the returned function is called.
   * One seed serves all of them, so that chance alone changes nothing. With a position, a client is told only what it has not seen.
   */
  async watch(tenantId: string, { ask, position }: { readonly ask: Ask; readonly position?: FeedPosition | undefined }, push: Watch['push']): Promise<() => void> {
    const snapshot = await this.#deps.snapshot(tenantId);
    const now = this.#deps.now();
    const watch: Watch = {
      tenantId,
      ask: { ...ask, placementId: ask.placementId ?? snapshot.defaultPlacementId ?? '', seed: position?.seed ?? seedOf(this.#deps.newId(now)) },
      push,
      shown: position?.shown,
      cause: undefined,
    };
    const unfollow = await this.#deps.followCustomer(tenantId, ask.customerId, change => {
      this.#customerChanged(watch, snapshot, change);
    });
    const close = (): void => {
      unfollow();
      this.#dirty.delete(watch);
      const watches = this.#byTenant.get(tenantId);
      watches?.delete(watch);
      if (watches?.size === 0) this.#forget(tenantId);
    };
    const watches = this.#byTenant.get(tenantId) ?? new Set();
    this.#byTenant.set(tenantId, watches.add(watch));
    this.#armTimer(snapshot);
    try {
      await this.#decide(tenantId, [watch], { kind: position ? 'RESUMED_WITH_GAP' : 'INITIAL', subject: null, changedAt: now });
    } catch (error) {
      close();
      throw error;
    }
    return close;
  }

  configurationChanged(snapshot: Snapshot, change: ConfigurationChanged | undefined): void {
    const watches = this.#byTenant.get(snapshot.tenantId);
    if (watches === undefined) return;
    for (const watch of watches) this.#mark(watch, causeOfConfiguration(change, snapshot.placements.get(watch.ask.placementId), this.#deps.now()));
    this.#armTimer(snapshot);
  }

  posteriorsChanged(tenantId: string, placementId: string): void {
    const cause: Cause = { kind: 'MODEL', subject: placementId, changedAt: this.#deps.now() };
    for (const watch of this.#byTenant.get(tenantId) ?? []) if (watch.ask.placementId === placementId) this.#mark(watch, cause);
  }

  close(): void {
    for (const tenantId of [...this.#byTenant.keys()]) this.#forget(tenantId);
    this.#dirty.clear();
  }

  #customerChanged(watch: Watch, opened: Snapshot, change: CustomerChanged | undefined): void {
    void this.#deps.snapshot(watch.tenantId).catch(() => opened).then(snapshot => {
      this.#mark(watch, causeOfCustomer(change, snapshot.placements.get(watch.ask.placementId), this.#deps.now()));
    });
  }

  #mark(watch: Watch, cause: Cause | undefined): void {
    if (cause === undefined || this.#byTenant.get(watch.tenantId)?.has(watch) !== true) return;
    watch.cause ??= cause;
    this.#dirty.add(watch);
    if (this.#working) return;
    this.#working = true;
    setImmediate(() => void this.#work());
  }

  /** Takes what is marked in small batches, so that other requests get their turn between them. */
  async #work(): Promise<void> {
    while (this.#dirty.size > 0) {
      const [first] = this.#dirty;
      const batch = [...this.#dirty].filter(it => it.tenantId === first?.tenantId).slice(0, batchSize);
      for (const watch of batch) this.#dirty.delete(watch);
      try {
        await this.#decide(first?.tenantId ?? '', batch);
      } catch (error) {
        this.#deps.onFailure(error);
        for (const watch of batch) this.#dirty.add(watch);
        await new Promise(resolve => setTimeout(resolve, retryMs).unref());
      }
      await new Promise(resolve => setImmediate(resolve));
    }
    this.#working = false;
  }

  /** @param cause for all; by default each has its own */
  async #decide(tenantId: string, watches: readonly Watch[], cause?: Cause): Promise<void> {
    const decided = await this.#deps.personalizer.compute(tenantId, watches.map(({ ask }) => ask), deadlineMs);
    const news = watches.flatMap((watch, i) => {
      const it = decided[i];
      return it !== undefined && shownBy(it) !== watch.shown ? [{ watch, decided: it, shown: shownBy(it) }] : [];
    });
    await this.#deps.personalizer.record(news.map(it => it.decided));
    for (const { watch, decided: it, shown } of news) {
      watch.shown = shown;
      const why = cause ?? watch.cause ?? { kind: 'TIME', subject: null, changedAt: this.#deps.now() };
      watch.push({ cursor: encodeCursor({ seed: watch.ask.seed, shown }), decided: it, cause: why });
    }
    for (const watch of watches) if (!this.#dirty.has(watch)) watch.cause = undefined;
  }

  /** Wakes when the next item's schedule begins or ends. */
  #armTimer(snapshot: Snapshot): void {
    const { tenantId } = snapshot;
    clearTimeout(this.#timers.get(tenantId));
    const now = this.#deps.now();
    const boundary = nextBoundary(snapshot, now);
    const timer = setTimeout(() => {
      const changedAt = this.#deps.now();
      if (changedAt >= boundary) for (const watch of this.#byTenant.get(tenantId) ?? []) this.#mark(watch, { kind: 'TIME', subject: null, changedAt });
      void this.#deps.snapshot(tenantId).then(it => { this.#armTimer(it); }, this.#deps.onFailure);
    }, Math.min(longestTimerMs, Math.max(1, boundary - now)));
    this.#timers.set(tenantId, timer.unref());
  }

  #forget(tenantId: string): void {
    this.#byTenant.delete(tenantId);
    clearTimeout(this.#timers.get(tenantId));
    this.#timers.delete(tenantId);
  }
}

