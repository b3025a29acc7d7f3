import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { strangerRecord, type OnlineRecord } from '../../src/customers/online-record.js';
import type { OnlineStore } from '../../src/customers/online-store.js';

export interface OpenedStore {
  readonly store: OnlineStore;
  close(): Promise<void>;
}

export function record(customerId: string, version: number, more: Partial<OnlineRecord> = {}): OnlineRecord {
  return {
    customerId, known: true, version,
    attributes: { country: 'DE', vip: true, tags: ['a', 'b'] },
    features: { engagement_score: { value: 0.1 + 0.2, at: 1_767_225_600_123 } },
    segments: ['loyal'],
    consents: { ads: { granted: true, until: 1_767_225_600_123 } },
    ...more,
  };
}

/** What every OnlineStore must do; each adapter's own test only calls this. */
export function itBehavesLikeAnOnlineStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(`${name} as an OnlineStore`, () => {
    let opened: OpenedStore;
    let store: OnlineStore;
    let tenant: string;
    beforeAll(async () => {
      opened = await open();
      store = opened.store;
    });
    afterAll(() => opened.close());
    beforeEach(() => {
      tenant = randomUUID();
    });

    it('answers in the order of the ids, and with undefined where it holds nothing', async () => {
      await store.write(tenant, [record('ada', 1), record('bob', 2)]);
      expect(await store.read(tenant, ['bob', 'nobody', 'ada', 'bob'])).toEqual([record('bob', 2), undefined, record('ada', 1), record('bob', 2)]);
      expect(await store.read(tenant, [])).toEqual([]);
    });

    it('keeps the newest version, in whatever order they come', async () => {
      await store.write(tenant, [record('ada', 2, { segments: ['new'] })]);
      await store.write(tenant, [record('ada', 1, { segments: ['old'] })]);
      await store.write(tenant, [record('ada', 2, { segments: ['again'] })]);
      expect((await store.read(tenant, ['ada']))[0]?.segments).toEqual(['new']);
      await store.write(tenant, [record('ada', 10)]);
      await store.write(tenant, [record('ada', 9)]);
      expect((await store.read(tenant, ['ada']))[0]?.version).toBe(10);
    });

    it('keeps a stranger until the customer becomes known', async () => {
      await store.write(tenant, [strangerRecord('ada')]);
      expect(await store.read(tenant, ['ada'])).toEqual([strangerRecord('ada')]);
      await store.write(tenant, [record('ada', 1)]);
      await store.write(tenant, [strangerRecord('ada')]);
      expect(await store.read(tenant, ['ada'])).toEqual([record('ada', 1)]);
    });

    it('keeps customers and tenants apart, whatever characters their ids have', async () => {
      const ids = ['a', 'a:b', '{a}', 'a}', ':', '*', '?', '[a]', 'ü\u{1F600}', '%7B', '\ud800', ' ', '"'];
      await store.write(tenant, ids.map((id, i) => record(id, i + 1)));
      await store.write(`${tenant}:a`, [record('b', 99)]);
      expect((await store.read(tenant, ids)).map(it => [it?.customerId, it?.version])).toEqual(ids.map((id, i) => [id, i + 1]));
      expect(await store.read(tenant, ['b'])).toEqual([undefined]);
    });

    it('forgets', async () => {
      await store.write(tenant, [record('ada', 5), record('bob', 5)]);
      await store.forget(tenant, ['ada', 'nobody']);
      expect((await store.read(tenant, ['ada', 'bob'])).map(it => it?.customerId)).toEqual([undefined, 'bob']);
      await store.write(tenant, [record('ada', 1)]);
      expect((await store.read(tenant, ['ada']))[0]?.version).toBe(1);
    });

    it('drops all of one tenant', async () => {
      const odd = `${tenant}*?[a]\\`;
      await store.write(odd, [record('ada', 5), record('*', 5)]);
      await store.write(tenant, [record('ada', 5)]);
      await store.write(`${tenant}x?[a]\\`, [record('ada', 5)]);
      await store.clear(odd);
      expect(await store.read(odd, ['ada', '*'])).toEqual([undefined, undefined]);
      await store.clear(tenant);
      expect(await store.read(tenant, ['ada'])).toEqual([undefined]);
      expect(await store.read(`${tenant}x?[a]\\`, ['ada'])).toEqual([record('ada', 5)]);
    });

    it('takes many at once', async () => {
      const all = Array.from({ length: 1001 }, (_, i) => record(`c${i}`, 1));
      await store.write(tenant, all);
      expect(await store.read(tenant, all.map(it => it.customerId))).toEqual(all);
    });
  });
}
