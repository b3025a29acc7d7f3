import type { LoaderKey } from '../graphql/loader-scope.js';
import type { Memberships, MembersPage } from './memberships.js';

export function memberCount(memberships: Pick<Memberships, 'countMembers'>): LoaderKey<string, number> {
  return {
    name: 'member count by segment',
    async loadMany(segmentIds, tenantId) {
      const counts = await memberships.countMembers(tenantId, segmentIds);
      return segmentIds.map(id => counts.get(id) ?? 0);
    },
  };
}

/** Ids of the customers on a page of a segment's members. */
export function membersOnPage(memberships: Pick<Memberships, 'members'>): LoaderKey<MembersPage, readonly string[]> {
  return { name: 'members by page', loadMany: (pages, tenantId) => memberships.members(tenantId, pages) };
}
