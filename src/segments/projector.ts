import type { CustomerChanged } from '../customers/customer-changed.js';
import type { OnlineRecord } from '../customers/online-record.js';
import type { OnlineStore } from '../customers/online-store.js';
import type { CompiledSegments } from './compiled-segments.js';
import type { MembershipStore, Projected } from './memberships.js';

export interface ProjectorDeps {
  readonly memberships: MembershipStore;
  readonly online: OnlineStore;
  readonly segmentsOf: (tenantId: string) => Promise<CompiledSegments>;
  readonly announce: (tenantId: string, changes: readonly CustomerChanged[]) => Promise<void>;
  readonly now: () => number;
  readonly onFailure: (error: unknown) => void;
}

const pageSize = 500;

/** Brings memberships and online records up to date with the truth, and announces what really changed. */
export class Projector {
  readonly #deps: ProjectorDeps;
  readonly #reevaluating = new Map<string, Promise<void>>();

  constructor(deps: ProjectorDeps) {
    this.#deps = deps;
  }

  /** Never rejects: the truth is committed, and what fails here is made up for by `catchUp`. */
  async project(tenantId: string, customerIds: readonly string[]): Promise<void> {
    try {
      for (let from = 0; from < customerIds.length; from += pageSize) await this.#projectPage(tenantId, customerIds.slice(from, from + pageSize));
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }

  /** All customers of the tenant, after its segments or features have changed. One run at a time; a change during a run starts another. */
  async reevaluate(tenantId: string): Promise<void> {
    const before = this.#reevaluating.get(tenantId) ?? Promise.resolve();
    const run = before.then(() => this.#reevaluateAll(tenantId)).catch(this.#deps.onFailure);
    this.#reevaluating.set(tenantId, run);
    await run;
    if (this.#reevaluating.get(tenantId) === run) this.#reevaluating.delete(tenantId);
  }

  /** Projects customers whose record was left behind by a failure, or by another process's end. Returns how many there were. */
  async catchUp(): Promise<number> {
    const behind = await this.#deps.memberships.findBehind(pageSize);
    const byTenant = new Map<string, string[]>();
    for (const { tenantId, customerId } of behind) byTenant.set(tenantId, [...(byTenant.get(tenantId) ?? []), customerId]);
    for (const [tenantId, ids] of byTenant) await this.project(tenantId, ids);
    return behind.length;
  }

  async #reevaluateAll(tenantId: string): Promise<void> {
    let after: string | undefined;
    do {
      const ids = await this.#deps.memberships.customerIds(tenantId, { first: pageSize, after });
      if (ids.length > 0) await this.#projectPage(tenantId, ids);
      after = ids.length === pageSize ? ids.at(-1) : undefined;
    } while (after !== undefined);
  }

  async #projectPage(tenantId: string, customerIds: readonly string[]): Promise<void> {
    const { memberships, online, segmentsOf, announce, now } = this.#deps;
    const projected = await memberships.project(tenantId, customerIds, { segments: await segmentsOf(tenantId), now: now() });
    if (projected.length === 0) return;
    const records = projected.map(it => it.record);
    const before = await online.read(tenantId, records.map(it => it.customerId));
    await online.write(tenantId, records);
    const changes = projected.flatMap((it, i) => changeOf(it, before[i], now()));
    if (changes.length > 0) await announce(tenantId, changes);
    await memberships.markProjected(tenantId, records);
  }
}

/** What differs between the two records; where the store had none, everything that there is. */
function changeOf({ record }: Projected, before: OnlineRecord | undefined, changedAt: number): readonly CustomerChanged[] {
  if (before !== undefined && before.version >= record.version) return [];
  const changes = [
    ...differing(before?.features ?? {}, record.features, it => it.value).map(name => ({ kind: 'FEATURE' as const, name })),
    ...differing(before?.attributes ?? {}, record.attributes, it => it).map(name => ({ kind: 'ATTRIBUTE' as const, name })),
    ...symmetricDifference(before?.segments ?? [], record.segments).map(name => ({ kind: 'SEGMENT' as const, name })),
  ];
  return changes.length === 0 ? [] : [{ customerId: record.customerId, version: record.version, changes, changedAt }];
}

function differing<T>(before: Readonly<Record<string, T>>, after: Readonly<Record<string, T>>, valueOf: (it: T) => unknown): readonly string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter(name => {
    const [a, b] = [before[name], after[name]];
    return a === undefined || b === undefined || JSON.stringify(valueOf(a)) !== JSON.stringify(valueOf(b));
  });
}

const symmetricDifference = (a: readonly string[], b: readonly string[]): readonly string[] => [...a.filter(it => !b.includes(it)), ...b.filter(it => !a.includes(it))];
