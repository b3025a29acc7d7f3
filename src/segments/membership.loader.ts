import type { OnlineRecords } from '../customers/online-records.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { DependencyUnavailable } from '../kernel/errors.js';
import type { Memberships, MembersPage } from './memberships.js';

const patienceMs = 5000;

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

/** Ids of the segments that a customer is in, as decisions see it. */
export function segmentIdsOfCustomer(records: Pick<OnlineRecords, 'read'>): LoaderKey<string, readonly string[]> {
  return {
    name: 'segments by customer',
    async loadMany(customerIds, tenantId) {
      const found = await records.read(tenantId, customerIds, patienceMs);
      return found.map(({ record }) => record?.segments ?? new DependencyUnavailable('The segments of a customer could not be read.'));
    },
  };
}
