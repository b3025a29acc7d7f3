import type { CustomersChanged } from '../customers/customer.js';
import { Conflict, NotFound } from '../kernel/errors.js';
import type { ListEntry, Listed, Memberships } from './memberships.js';
import type { Segment } from './segment.js';

export interface MemberListsDeps {
  readonly memberships: Pick<Memberships, 'add' | 'remove'>;
  readonly changed: CustomersChanged;
}

/** Lists that are kept by hand. Each change is done whole, and once: sent again, it changes nothing. */
export class MemberLists {
  readonly #deps: MemberListsDeps;

  constructor(deps: MemberListsDeps) {
    this.#deps = deps;
  }

  /** @throws NotFound, Conflict as `listOf` */
  async add(tenantId: string, segment: Segment | null, entries: readonly ListEntry[]): Promise<Listed> {
    const { memberships, changed } = this.#deps;
    const listed = await memberships.add(tenantId, listOf(segment).id, entries);
    await changed(tenantId, [...listed.entered, ...listed.kept]);
    return listed;
  }

  /** Returns whom it changed. @throws NotFound, Conflict as `listOf` */
  async remove(tenantId: string, segment: Segment | null, customerIds: readonly string[]): Promise<readonly string[]> {
    const { memberships, changed } = this.#deps;
    const left = await memberships.remove(tenantId, listOf(segment).id, customerIds);
    await changed(tenantId, left);
    return left;
  }
}

/** @throws NotFound where there is no such segment, Conflict where its members follow from a condition */
export function listOf(segment: Segment | null): Segment {
  if (segment === null) throw noSegment();
  if (segment.condition !== undefined) throw new Conflict('The members of this segment follow from its condition.', { details: { path: '/segmentId' } });
  return segment;
}

export const noSegment = (): NotFound => new NotFound('There is no such segment.', { details: { path: '/segment' } });
