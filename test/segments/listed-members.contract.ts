import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Pool } from 'pg';
import type { Memberships } from '../../src/segments/memberships.js';
import { above, byHand, dynamic, number, type Shop } from '../customers/shop.js';

export interface OpenedLists {
  readonly shop: Shop;
  readonly listed: Pick<Memberships, 'members' | 'countMembers'>;
  /** Resolves when the members of all these segments are listed by what is tried. */
  readonly readiness: (tenantId: string, segmentIds: readonly string[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** What everybody who lists members must do; each adapter's own test only calls this. */
export function itListsMembers(name: string, pool: Pool, open: () => OpenedLists): void {
  describe(`${name} lists members`, () => {
    const { shop, listed, readiness, close } = open();
    const segmentIds = ['list', 'keen', 'both', 'a{b}:*ü\u{1F600}'];
    const odd = segmentIds[3] ?? '';
    let tenant: string;
    beforeEach(async () => {
      tenant = await shop.newTenant();
      await shop.define(tenant, {
        features: [number('score')],
        segments: [byHand('list'), byHand(odd), dynamic('keen', above('score', 0.5)), dynamic('both', { and: [{ inSegment: 'keen' }, { inSegment: 'list' }] })],
      });
      await readiness(tenant, segmentIds);
    });
    afterAll(close);

    const score = (value: number, ...customerIds: readonly string[]): Promise<number> => shop.setFeatures(tenant, customerIds.map(customerId => ({ customerId, values: [{ name: 'score', value }] })));
    const enlist = (segmentId: string, customerIds: readonly string[], expiresAt?: number) =>
      shop.ask(tenant, 'mutation($input: AddToSegmentInput!) { it: addToSegment(input: $input) { changed } }', { input: { segmentId, customerIds, ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt).toISOString() }) } });
    const lists = async (): Promise<Record<string, readonly string[]>> => {
      const pages = await listed.members(tenant, segmentIds.map(segmentId => ({ segmentId, first: 1000, after: undefined })));
      const counts = await listed.countMembers(tenant, segmentIds);
      expect(pages.map(it => it.length)).toEqual(segmentIds.map(it => counts.get(it) ?? 0));
      return Object.fromEntries(segmentIds.flatMap((id, i) => ((pages[i] ?? []).length === 0 ? [] : [[id, pages[i] ?? []]])));
    };

    it('as customers enter and leave', async () => {
      await score(0.9, 'ada', 'bob');
      await enlist('list', ['ada', 'bob']);
      expect(await lists()).toEqual({ keen: ['ada', 'bob'], list: ['ada', 'bob'], both: ['ada', 'bob'] });
      shop.clock.advance(1);
      await score(0.1, 'ada');
      await shop.ask(tenant, 'mutation { removeFromSegment(input: { segmentId: "list", customerIds: ["bob"] }) { changed } }');
      expect(await lists()).toEqual({ keen: ['bob'], list: ['ada'] });
    });

    it('until their time on a list is over', async () => {
      await score(0.9, 'ada', 'bob');
      await enlist('list', ['ada'], shop.clock.now() + 60_000);
      await enlist('list', ['bob']);
      shop.clock.advance(60_001);
      await shop.projection.sweep();
      expect(await lists()).toEqual({ keen: ['ada', 'bob'], list: ['bob'], both: ['bob'] });
    });

    it('of any ids, by pages in the order of their bytes', async () => {
      const ids = ['a', 'a:b', '{a}', 'a}', ':', '*', '?', '[a]', 'ü\u{1F600}', '\uffee', 'Z', 'é', '%7B', ' ', '"', '(a', '[', '+', '-'];
      const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      await score(0.1, ...ids);
      await enlist(odd, ids);
      const paged: string[] = [];
      for (let after: string | undefined; ; after = paged.at(-1)) {
        const [page = [], none] = await listed.members(tenant, [{ segmentId: odd, first: 4, after }, { segmentId: 'keen', first: 4, after: undefined }]);
        paged.push(...page);
        expect(none).toEqual([]);
        if (page.length < 4) break;
      }
      expect(paged).toEqual(sorted);
      expect((await listed.countMembers(tenant, [odd])).get(odd)).toBe(ids.length);
      expect(await listed.members(randomUUID(), [{ segmentId: odd, first: 4, after: undefined }])).toEqual([[]]);
    });

    it('by the ids that they have after a merge', async () => {
      await score(0.9, 'anon');
      await score(0.1, 'ada');
      await enlist('list', ['anon']);
      expect(await lists()).toEqual({ keen: ['anon'], list: ['anon'], both: ['anon'] });
      await shop.ask(tenant, 'mutation { mergeCustomers(input: { from: "anon", into: "ada" }) { aliases } }');
      const after = await lists();
      expect(after['list']).toEqual(['ada']);
      expect(Object.values(after).flat()).not.toContain('anon');
      expect(after['keen'] ?? []).toEqual((await shop.truth(tenant, 'ada'))?.segments.includes('keen') === true ? ['ada'] : []);
    });

    it('without those who were erased', async () => {
      await score(0.9, 'ada', 'bob', 'anon');
      await enlist('list', ['ada', 'bob']);
      await shop.ask(tenant, 'mutation { mergeCustomers(input: { from: "anon", into: "ada" }) { aliases } }');
      const { refusals } = await shop.ask(tenant, 'mutation { eraseCustomer(input: { customerId: "ada" }) { receipt { id } } }', {}, 'admin');
      expect(refusals).toEqual([]);
      expect(await lists()).toEqual({ keen: ['bob'], list: ['bob'], both: ['bob'] });
    });

    it('of segments that are defined anew, and none of those that are deleted', async () => {
      await score(0.6, 'ada');
      await score(0.9, 'bob');
      await enlist('list', ['ada', 'bob']);
      await shop.define(tenant, { segments: [dynamic('keen', above('score', 0.8))] });
      await shop.projection.sweep();
      expect(await lists()).toEqual({ keen: ['bob'], list: ['ada', 'bob'], both: ['bob'] });
      for (const id of ['both', 'keen']) expect((await shop.ask(tenant, `mutation { deleteSegment(input: { id: "${id}" }) { configurationVersion } }`, {}, 'admin')).refusals).toEqual([]);
      await shop.projection.sweep();
      expect(await lists()).toEqual({ list: ['ada', 'bob'] });
    });

    it('as they are counted in PostgreSQL', async () => {
      await score(0.9, 'ada', 'bob', 'eve');
      await enlist('list', ['bob', 'eve']);
      const { rows } = await pool.query<{ id: string; members: string[] }>('SELECT segment_id AS id, array_agg(customer_id ORDER BY customer_id) AS members FROM segment_members WHERE tenant_id = $1 GROUP BY 1', [tenant]);
      expect(await lists()).toEqual(Object.fromEntries(rows.map(it => [it.id, it.members])));
    });
  });
}
