import type { CustomerChanged } from '../customers/customer-changed.js';
import { underAlias } from '../customers/online-record.js';
import type { OnlineStore } from '../customers/online-store.js';
import type { CompiledSegments } from './compiled-segments.js';
import { lastVersion, type MemberFact, type MemberSets } from './member-sets.js';
import type { Projected, ProjectedBy, ProjectionStore } from './projection-store.js';
import type { SegmentMove } from './segment-change.js';

export interface ProjectorDeps {
  readonly store: ProjectionStore;
  readonly online: Pick<OnlineStore, 'write' | 'forget'>;
  /** Where members are held for listing. */
  readonly members: Pick<MemberSets, 'write'> | undefined;
  /** The tenant's segments; read anew where those in use have turned out to be stale. */
  readonly segmentsOf: (tenantId: string, isStale: boolean) => Promise<CompiledSegments>;
  readonly announce: (tenantId: string, changes: readonly CustomerChanged[], moves: readonly SegmentMove[]) => Promise<void>;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

interface Batch {
  readonly customerIds: Set<string>;
  readonly done: Promise<void>;
}

const pageSize = 500;
const attempts = 3;
/** Who changed a customer this recently is still about to project it. */
const graceMs = 2000;

/** Brings memberships and online records up to date with the truth, and announces what really changed. */
export class Projector {
  readonly #deps: ProjectorDeps;
  /** The run that is under way, and the one that gathers customers meanwhile, by tenant. */
  readonly #running = new Map<string, Promise<void>>();
  readonly #waiting = new Map<string, Batch>();
  readonly #applying = new Map<string, Promise<void>>();
  #stopped = false;

  constructor(deps: ProjectorDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves when readers see what these customers have become. Never rejects: the truth is committed, and what fails here is made up for by
   * `sweep`. Customers that are asked for while the tenant's last run is under way are projected together.
   */
  async project(tenantId: string, customerIds: readonly string[]): Promise<void> {
    await this.refresh(tenantId, customerIds).catch(this.#deps.onFailure);
  }

  /** As `project`, for whoever tries again where it rejects. */
  refresh(tenantId: string, customerIds: readonly string[]): Promise<void> {
    return this.#join(tenantId, customerIds);
  }

  /** Applies the newest segments to all customers of the tenant that they have not been applied to. One run at a time; goes on where one was cut off. */
  async applySegments(tenantId: string): Promise<void> {
    const before = this.#applying.get(tenantId) ?? Promise.resolve();
    const run = before.then(() => this.#applyToAll(tenantId)).catch(this.#deps.onFailure);
    this.#applying.set(tenantId, run);
    await run;
    if (this.#applying.get(tenantId) === run) this.#applying.delete(tenantId);
  }

  /** Makes up for what failed, or was left by a process that ended: customers who are not settled, and segments that are not applied. And what time has done. */
  async sweep(): Promise<void> {
    try {
      while (await this.#settlePage(() => this.#deps.store.findUnsettled(this.#deps.now() - graceMs, pageSize))) if (this.#stopped) return;
      while (await this.#settlePage(() => this.#deps.store.findDue(this.#deps.now(), pageSize))) if (this.#stopped) return;
      for (const tenantId of await this.#deps.store.tenantsBehind()) await this.applySegments(tenantId);
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#running.values(), ...this.#applying.values()].map(it => it.catch(() => undefined)));
  }

  async #join(tenantId: string, customerIds: readonly string[]): Promise<void> {
    const waiting = this.#waiting.get(tenantId);
    if (waiting !== undefined) {
      for (const id of customerIds) waiting.customerIds.add(id);
      return waiting.done;
    }
    const gathered = new Set(customerIds);
    const running = this.#running.get(tenantId) ?? Promise.resolve();
    const done: Promise<void> = running.catch(() => undefined).then(async () => {
      this.#waiting.delete(tenantId);
      this.#running.set(tenantId, done);
      try {
        await this.#projectAll(tenantId, [...gathered]);
      } finally {
        if (this.#running.get(tenantId) === done) this.#running.delete(tenantId);
      }
    });
    this.#waiting.set(tenantId, { customerIds: gathered, done });
    return done;
  }

  /** False where there are no more, or some could not be settled. */
  async #settlePage(find: () => ReturnType<ProjectionStore['findUnsettled']>): Promise<boolean> {
    const { onFailure } = this.#deps;
    const found = await find();
    let mayGoOn = found.length === pageSize;
    for (const tenantId of new Set(found.map(it => it.tenantId))) {
      const ids = found.filter(it => it.tenantId === tenantId).map(it => it.customerId);
      await this.#join(tenantId, ids).catch((error: unknown) => {
        mayGoOn = false;
        onFailure(error);
      });
    }
    return mayGoOn;
  }

  async #applyToAll(tenantId: string): Promise<void> {
    const { store, segmentsOf, now } = this.#deps;
    await store.passOver(tenantId, { segments: await segmentsOf(tenantId, false), now: now() }, () => this.#stopped);
    let after: string | undefined;
    do {
      const ids = await store.customersBehind(tenantId, { first: pageSize, after });
      if (ids.length > 0) await this.#join(tenantId, ids);
      after = ids.length === pageSize ? ids.at(-1) : undefined;
    } while (after !== undefined && !this.#stopped);
  }

  async #projectAll(tenantId: string, customerIds: readonly string[]): Promise<void> {
    for (let from = 0; from < customerIds.length; from += pageSize) await this.#projectPage(tenantId, customerIds.slice(from, from + pageSize));
  }

  async #projectPage(tenantId: string, customerIds: readonly string[]): Promise<void> {
    const { store, online, members, announce } = this.#deps;
    const [projected, by] = await this.#memberships(tenantId, customerIds);
    const unsettled = projected.filter(it => !it.isSettled);
    if (unsettled.length > 0) {
      await online.write(tenantId, unsettled.flatMap(({ record, aliases }) => [record, ...aliases.map(it => underAlias(record, it))]));
      await members?.write(tenantId, unsettled.flatMap(factsOf));
      const changes = unsettled.flatMap(messageOf);
      if (changes.length > 0) await announce(tenantId, changes, unsettled.flatMap(it => it.moves));
    }
    const goneIds = new Set(projected.length > 0 ? await store.settle(tenantId, projected, by) : []);
    const gone = projected.filter(it => goneIds.has(it.record.customerId));
    if (gone.length === 0) return;
    await online.forget(tenantId, gone.flatMap(it => [it.record.customerId, ...it.aliases]));
    await members?.write(tenantId, gone.flatMap(factsOf).map(it => ({ ...it, isMember: false, version: lastVersion })));
  }

  async #memberships(tenantId: string, customerIds: readonly string[]): Promise<readonly [readonly Projected[], ProjectedBy]> {
    const { store, segmentsOf, now } = this.#deps;
    for (let attempt = 0; attempt < attempts; attempt++) {
      const by = { segments: await segmentsOf(tenantId, attempt > 0), now: now() };
      const projected = await store.project(tenantId, customerIds, by);
      if (projected !== undefined) return [projected, by];
    }
    throw new Error('The segments changed faster than they could be applied');
  }
}

/** To whoever follows the customer by any id. */
function messageOf({ record: { customerId, version }, aliases, unannounced, cause, changedAt }: Projected): readonly CustomerChanged[] {
  return unannounced.length === 0 ? [] : [customerId, ...aliases].map(id => ({ customerId: id, version, changes: unannounced, ...(cause !== undefined && { cause }), changedAt }));
}

/** What the moves came to. Ids that the customer had before are in no segment any more. */
function factsOf({ record: { customerId, version }, aliases, moves }: Projected): readonly MemberFact[] {
  return moves.flatMap(({ segmentId, move }) => [
    { segmentId, customerId, version, isMember: move === 'ENTERED' },
    ...aliases.map(alias => ({ segmentId, customerId: alias, version, isMember: false })),
  ]);
}
