import type { MemberSets, VersionedMember } from './member-sets.js';
import type { Memberships, MembersPage } from './memberships.js';

export interface ListedMembershipsDeps {
  readonly sets: MemberSets;
  readonly truth: Pick<Memberships, 'members' | 'countMembers'> & {
    versioned(tenantId: string, segmentId: string): AsyncIterable<readonly VersionedMember[]>;
    ordersByBytes(): Promise<boolean>;
  };
  readonly onFailure: (error: unknown) => void;
}

/** Lists members from sets that are known to be whole, and all others from the truth; what is not whole is filled meanwhile. */
export class ListedMemberships implements Pick<Memberships, 'members' | 'countMembers'> {
  readonly #deps: ListedMembershipsDeps;
  readonly #filling = new Map<string, Promise<void>>();
  #ordersByBytes: Promise<boolean> | undefined;

  constructor(deps: ListedMembershipsDeps) {
    this.#deps = deps;
  }

  async members(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[])[]> {
    const { sets, truth } = this.#deps;
    // A page goes on where the one before ended, whoever answered that: both have to order alike.
    if (!(await this.#isOrderedAlike())) return truth.members(tenantId, pages);
    const held = await this.#held(tenantId, pages.map(it => it.segmentId), () => sets.read(tenantId, pages));
    const missing = pages.filter((_, i) => held[i] === undefined);
    const found = missing.length === 0 ? [] : await truth.members(tenantId, missing);
    let next = 0;
    return pages.map((_, i) => held[i] ?? found[next++] ?? []);
  }

  async countMembers(tenantId: string, segmentIds: readonly string[]): Promise<ReadonlyMap<string, number>> {
    const { sets, truth } = this.#deps;
    const held = await this.#held(tenantId, segmentIds, () => sets.count(tenantId, segmentIds));
    const missing = segmentIds.filter((_, i) => held[i] === undefined);
    const found = missing.length === 0 ? new Map<string, number>() : await truth.countMembers(tenantId, missing);
    return new Map(segmentIds.map((id, i) => [id, held[i] ?? found.get(id) ?? 0]));
  }

  /** Resolves when the set is whole, or somebody else sees to it. */
  fill(tenantId: string, segmentId: string): Promise<void> {
    const { sets, truth } = this.#deps;
    const key = JSON.stringify([tenantId, segmentId]);
    let filling = this.#filling.get(key);
    if (filling === undefined) {
      filling = sets.fill(tenantId, segmentId, truth.versioned(tenantId, segmentId)).then(() => undefined).finally(() => this.#filling.delete(key));
      this.#filling.set(key, filling);
    }
    return filling;
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    await Promise.allSettled(this.#filling.values());
  }

  /** Nothing where the sets do not answer. */
  async #held<T>(tenantId: string, segmentIds: readonly string[], ask: () => Promise<readonly (T | undefined)[]>): Promise<readonly (T | undefined)[]> {
    const { onFailure } = this.#deps;
    try {
      const held = await ask();
      for (const [i, id] of segmentIds.entries()) if (held[i] === undefined) this.fill(tenantId, id).catch(onFailure);
      return held;
    } catch (error) {
      onFailure(error);
      return [];
    }
  }

  #isOrderedAlike(): Promise<boolean> {
    if (this.#ordersByBytes === undefined) {
      this.#ordersByBytes = this.#deps.truth.ordersByBytes();
      this.#ordersByBytes.catch(() => { this.#ordersByBytes = undefined; });
    }
    return this.#ordersByBytes;
  }
}
