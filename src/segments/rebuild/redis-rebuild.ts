import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { OnlineStore } from '../../customers/online-store.js';
import type { ListedMemberships } from '../listed-memberships.js';
import type { MemberSets } from '../member-sets.js';
import type { Memberships, MembersPage } from '../memberships.js';
import { eachPage } from './each-page.js';
import { asJson, ProjectionDigest } from './projection-digest.js';
import type { Rebuildable } from './rebuild.js';

export interface RedisRebuildDeps {
  readonly online: OnlineStore;
  readonly memberSets: MemberSets;
  readonly listed: Pick<ListedMemberships, 'fill'>;
  readonly source: OnlineRecordSource;
  readonly truth: Pick<Memberships, 'members'>;
  readonly customerIds: Memberships['customerIds'];
  /** All that the tenant has. */
  readonly segmentIds: (tenantId: string) => Promise<readonly string[]>;
  /** Until there may be progress. */
  readonly wait: () => Promise<void>;
}

/** Anybody else who is filling the same set takes less. */
const looks = 600;

/** The online records of a tenant and the sets of members. A customer who changes meanwhile has the newest version, whoever wrote it last. */
export function redisRebuild({ online, memberSets, listed, source, truth, customerIds, segmentIds, wait }: RedisRebuildDeps): Rebuildable {
  const whole = async (tenantId: string, segmentId: string): Promise<void> => {
    for (let i = 0; i < looks; i++) {
      await listed.fill(tenantId, segmentId);
      if ((await memberSets.count(tenantId, [segmentId]))[0] !== undefined) return;
      await wait();
    }
    throw new Error('The members of a segment could not be filled in');
  };
  return {
    async rebuild(tenantId, advance) {
      let total = 0;
      await eachPage(customerIds, tenantId, async ids => { total += ids.length; });
      let done = 0;
      advance(done, total);
      await Promise.all([online.clear(tenantId), memberSets.clear(tenantId)]);
      await eachPage(customerIds, tenantId, async ids => {
        await online.write(tenantId, await source.load(tenantId, ids));
        done += ids.length;
        advance(done, Math.max(done, total));
      });
      for (const id of await segmentIds(tenantId)) {
        await whole(tenantId, id);
        advance(done, Math.max(done, total));
      }
    },
    async digests(tenantId) {
      const digests = { truth: new ProjectionDigest(), rebuilt: new ProjectionDigest() };
      await eachPage(customerIds, tenantId, async ids => {
        for (const record of await source.load(tenantId, ids)) digests.truth.add(asJson(record));
        for (const record of await online.read(tenantId, ids)) if (record !== undefined) digests.rebuilt.add(asJson(record));
      });
      for (const id of await segmentIds(tenantId)) {
        await addMembers(digests.truth, id, async page => (await truth.members(tenantId, [page]))[0] ?? []);
        await addMembers(digests.rebuilt, id, async page => (await memberSets.read(tenantId, [page]))[0] ?? []);
      }
      return { truth: String(digests.truth), rebuilt: String(digests.rebuilt) };
    },
  };
}

async function addMembers(digest: ProjectionDigest, segmentId: string, read: (page: MembersPage) => Promise<readonly string[]>): Promise<void> {
  await eachPage(async (_tenantId, page) => {
    const ids = await read({ segmentId, ...page });
    for (const member of ids) digest.add({ segmentId, member });
    return ids;
  }, '', async () => undefined);
}
