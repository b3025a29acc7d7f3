import { documentOf } from '../../conditions/customer-document.js';
import type { OnlineRecordSource } from '../../customers/online-records.js';
import type { Memberships } from '../memberships.js';
import type { CustomerIndex, IndexLog } from '../search/customer-index.js';
import { eachPage } from './each-page.js';
import { ProjectionDigest } from './projection-digest.js';
import type { Rebuildable } from './rebuild.js';

export interface IndexRebuildDeps {
  readonly index: Pick<CustomerIndex, 'read' | 'state'>;
  readonly log: Pick<IndexLog, 'progress'>;
  readonly source: OnlineRecordSource;
  readonly customerIds: Memberships['customerIds'];
  readonly rebuild: (tenantId: string) => Promise<void>;
  /** Until there may be progress. */
  readonly wait: () => Promise<void>;
}

/** The search index of a tenant: the synchronization fills another one, which takes the place of the present one when it is complete. */
export function indexRebuild({ index, log, source, customerIds, rebuild, wait }: IndexRebuildDeps): Rebuildable {
  return {
    async rebuild(tenantId, advance) {
      await rebuild(tenantId);
      do {
        await wait();
        const { done, total } = await log.progress(tenantId);
        advance(done, total);
      } while ((await index.state(tenantId)) !== 'ready');
    },
    async digests(tenantId) {
      const [truth, rebuilt] = [new ProjectionDigest(), new ProjectionDigest()];
      await eachPage(customerIds, tenantId, async ids => {
        for (const record of await source.load(tenantId, ids)) truth.add({ id: record.customerId, ...documentOf(record) });
        (await index.read(tenantId, ids)).forEach((document, i) => {
          if (document !== undefined) rebuilt.add({ id: ids[i] ?? '', ...document });
        });
      });
      return { truth: String(truth), rebuilt: String(rebuilt) };
    },
  };
}
