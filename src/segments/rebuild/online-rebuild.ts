import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { OnlineStore } from '../../customers/online-store.js';
import type { Memberships } from '../memberships.js';
import { eachPage } from './each-page.js';
import { asJson, ProjectionDigest } from './projection-digest.js';
import type { Rebuildable } from './rebuild.js';

export interface OnlineRebuildDeps {
  readonly online: OnlineStore;
  readonly source: OnlineRecordSource;
  readonly customerIds: Memberships['customerIds'];
}

/** The online records of a tenant. A customer who changes meanwhile has the newest version, whoever wrote it last. */
export function onlineRebuild({ online, source, customerIds }: OnlineRebuildDeps): Rebuildable {
  return {
    async rebuild(tenantId, advance) {
      let total = 0;
      await eachPage(customerIds, tenantId, async ids => { total += ids.length; });
      let done = 0;
      advance(done, total);
      await online.clear(tenantId);
      await eachPage(customerIds, tenantId, async ids => {
        await online.write(tenantId, await source.load(tenantId, ids));
        done += ids.length;
        advance(done, Math.max(done, total));
      });
    },
    async digests(tenantId) {
      const [truth, rebuilt] = [new ProjectionDigest(), new ProjectionDigest()];
      await eachPage(customerIds, tenantId, async ids => {
        for (const record of await source.load(tenantId, ids)) truth.add(asJson(record));
        for (const record of await online.read(tenantId, ids)) if (record !== undefined) rebuilt.add(asJson(record));
      });
      return { truth: String(truth), rebuilt: String(rebuilt) };
    },
  };
}
