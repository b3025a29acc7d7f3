import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { customerTopic } from '../../src/platform/bus.js';
import { above, byHand, dynamic, number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features: [number('score'), number('other')], segments: [dynamic('keen', above('score', 0.5))] });
});
afterAll(() => shop.projection.stop());

const ada = (score: number): object => ({ customerId: 'ada', values: [{ name: 'score', value: score }] });
const members = async (segment: string): Promise<unknown> =>
  (await pool.query<{ id: string }>('SELECT customer_id AS id FROM segment_members WHERE tenant_id = $1 AND segment_id = $2 ORDER BY 1', [tenant, segment])).rows.map(it => it.id);
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200 && !(await holds()); i++) await new Promise(resolve => setTimeout(resolve, 20));
  expect(await holds()).toBe(true);
};

describe('the projection', () => {
  it('lets whoever changed a customer read what they wrote: record, segments, and one message', async () => {
    const heard = await shop.listen(tenant, 'ada');
    await shop.setFeatures(tenant, [ada(0.9)]);
    expect(await shop.online(tenant, 'ada')).toEqual({
      customerId: 'ada', known: true, version: 3, attributes: {}, features: { score: { value: 0.9, at: shop.clock.now() } }, segments: ['keen'], consents: {},
    });
    expect(heard).toEqual([{
      customerId: 'ada', version: 3, changedAt: shop.clock.now(), changes: [{ kind: 'FEATURE', name: 'score' }, { kind: 'SEGMENT', name: 'keen' }],
    }]);
    expect(await members('keen')).toEqual(['ada']);
  });

  it('names only what really changed', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    await shop.upsert(tenant, 'ada', { country: 'DE', city: 'Ulm' });
    const heard = await shop.listen(tenant, 'ada');
    shop.clock.advance(1000);
    await shop.setFeatures(tenant, [ada(0.8)]);
    await shop.upsert(tenant, 'ada', { country: 'FR', city: 'Ulm' });
    await shop.upsert(tenant, 'ada', { country: 'FR' });
    await shop.upsert(tenant, 'ada', { city: null });
    shop.clock.advance(1000);
    await shop.setFeatures(tenant, [{ customerId: 'ada', values: [{ name: 'score', value: 0.1 }, { name: 'other', value: 1 }] }]);
    expect(heard.map(it => it.changes.map(({ kind, name }) => `${kind} ${name}`))).toEqual([
      ['FEATURE score'], ['ATTRIBUTE country'], ['ATTRIBUTE city'], ['FEATURE other', 'FEATURE score', 'SEGMENT keen'],
    ]);
    expect(heard.map(it => it.version)).toEqual([...heard.map(it => it.version)].sort((a, b) => a - b));
    expect(await members('keen')).toEqual([]);
  });

  it('keeps a value that is only confirmed fresh, and says nothing of it', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    const heard = await shop.listen(tenant, 'ada');
    shop.clock.advance(5000);
    expect(await shop.setFeatures(tenant, [ada(0.9)])).toBe(1);
    expect((await shop.online(tenant, 'ada'))?.features['score']).toEqual({ value: 0.9, at: shop.clock.now() });
    expect(heard).toEqual([]);
  });

  it('leaves everything as it is where nothing changed', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    const before = await shop.online(tenant, 'ada');
    expect(await shop.setFeatures(tenant, [ada(0.9), ada(0.9)])).toBe(0);
    await shop.upsert(tenant, 'ada', {});
    expect(await shop.truth(tenant, 'ada')).toEqual(before);
  });

  it('follows segments that ask for others, whatever the order of their names', async () => {
    await shop.define(tenant, {
      segments: [
        dynamic('a-top', { and: [{ inSegment: 'z-mid' }, { inSegment: 'staff' }] }),
        dynamic('z-mid', { and: [{ inSegment: 'keen' }, { not: { attribute: { name: 'blocked', operator: 'exists' } } }] }),
        byHand('staff'),
      ],
    });
    await shop.setFeatures(tenant, [ada(0.9)]);
    await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "staff", customerIds: ["ada"] }) { changed } }');
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['a-top', 'keen', 'staff', 'z-mid']);
    const heard = await shop.listen(tenant, 'ada');
    await shop.upsert(tenant, 'ada', { blocked: true });
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['keen', 'staff']);
    expect(heard.flatMap(it => it.changes)).toEqual([
      { kind: 'ATTRIBUTE', name: 'blocked' }, { kind: 'SEGMENT', name: 'a-top' }, { kind: 'SEGMENT', name: 'z-mid' },
    ]);
  });

  it('applies a segment to everybody when its condition changes, and to nobody any more when it goes', async () => {
    const customers = Array.from({ length: 1200 }, (_, i) => ({ customerId: `c${String(i).padStart(4, '0')}`, values: [{ name: 'score', value: i / 1200 }] }));
    for (let from = 0; from < customers.length; from += 400) await shop.setFeatures(tenant, customers.slice(from, from + 400));
    const count = async (): Promise<number> => (await pool.query('SELECT FROM segment_members WHERE tenant_id = $1', [tenant])).rowCount ?? 0;
    expect(await count()).toBe(599);
    const heard = await shop.listen(tenant, 'c0500');
    await shop.define(tenant, { segments: [dynamic('keen', above('score', 0.25))] });
    await eventually(async () => (await count()) === 899);
    await eventually(async () => (await shop.online(tenant, 'c0500'))?.segments.includes('keen') === true);
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'SEGMENT', name: 'keen' }]]);
    await shop.definitions.change(tenant, 'test', [{ kind: 'segment', id: 'keen', body: null }]);
    await eventually(async () => (await count()) === 0);
    await eventually(async () => (await shop.online(tenant, 'c0500'))?.segments.length === 0);
    expect(heard).toHaveLength(2);
  });

  it('applies to new customers the segments of the moment', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    await shop.define(tenant, { segments: [dynamic('everybody', { not: { attribute: { name: 'gone', operator: 'exists' } } })] });
    await shop.setFeatures(tenant, [{ customerId: 'bea', values: [{ name: 'other', value: 1 }] }]);
    expect((await shop.online(tenant, 'bea'))?.segments).toEqual(['everybody']);
  });

  it('follows time where nothing else happens, in both directions, and says so', async () => {
    await shop.define(tenant, {
      features: [number('views', { aggregate: { function: 'count', event: 'page_view', windowMs: 60_000 } })],
      segments: [
        dynamic('browsing', above('views', 1)),
        dynamic('away', { not: { feature: { name: 'views', operator: 'greaterThan', value: 0 } } }),
        dynamic('new', { attribute: { name: 'joined', operator: 'withinLast', value: 'PT90S' } }),
      ],
    });
    const viewed = async (): Promise<void> => void (await shop.ingest(tenant, [{ id: randomUUID(), customerId: 'ada', type: 'page_view' }]));
    await shop.upsert(tenant, 'ada', { joined: new Date(shop.clock.now()).toISOString() });
    await viewed();
    shop.clock.advance(20_000);
    await viewed();
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['browsing', 'new']);
    const heard = await shop.listen(tenant, 'ada');
    const after = async (ms: number): Promise<unknown> => {
      shop.clock.advance(ms);
      await shop.projection.sweep();
      const { segments, features } = (await shop.online(tenant, 'ada')) ?? {};
      return [features?.['views']?.value, segments];
    };
    expect(await after(39_999)).toEqual([2, ['browsing', 'new']]);
    expect(heard).toEqual([]);
    expect(await after(1)).toEqual([1, ['new']]);
    expect(await after(20_000)).toEqual([0, ['away', 'new']]);
    expect(await after(10_001)).toEqual([0, ['away']]);
    expect(heard.map(it => [it.cause, it.changes.map(({ name }) => name)])).toEqual([
      ['TIME', ['views', 'browsing']], ['TIME', ['views', 'away']], ['TIME', ['new']],
    ]);
    await viewed();
    expect(heard.at(-1)).not.toHaveProperty('cause');
    expect(await after(0)).toEqual([1, []]);
  });

  it('goes on with a change of segments that another process was to apply and did not', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    const body = JSON.stringify(dynamic('late', above('score', 0.1)));
    await pool.query(`UPDATE tenants SET config_version = 9 WHERE id = $1`, [tenant]);
    await pool.query(`INSERT INTO definitions (tenant_id, kind, id, since, body, changed_by) VALUES ($1, 'segment', 'late', 9, $2, 'dead')`, [tenant, body]);
    await shop.projection.sweep();
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['keen', 'late']);
  });

  it('never takes customers off a list because it has not heard of that list', async () => {
    await shop.setFeatures(tenant, [ada(0.9)]);
    const other = new Shop(pool, shop.clock);
    await other.define(tenant, { segments: [byHand('vip')] }); // on a bus of its own, which `shop` does not hear
    await other.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["ada"] }) { changed } }');
    await shop.upsert(tenant, 'ada', { country: 'DE' });
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['keen', 'vip']);
    expect(await members('vip')).toEqual(['ada']);
    await other.projection.stop();
  });

  it('acknowledges a write while the online store is away, and makes up for it afterwards', async () => {
    await shop.setFeatures(tenant, [ada(0.1)]);
    const heard = await shop.listen(tenant, 'ada');
    shop.parts.storeFails = true;
    shop.clock.advance(1000);
    expect(await shop.setFeatures(tenant, [ada(0.9)])).toBe(1);
    expect(heard).toEqual([]);
    expect((await shop.online(tenant, 'ada'))?.features['score']?.value).toBe(0.1);
    shop.parts.storeFails = false;
    await shop.projection.sweep();
    expect((await shop.online(tenant, 'ada'))?.features['score']?.value).toBe(0.1); // somebody may still be at it
    shop.clock.advance(3000);
    await shop.projection.sweep();
    expect(await shop.online(tenant, 'ada')).toEqual(await shop.truth(tenant, 'ada'));
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['keen']);
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'FEATURE', name: 'score' }, { kind: 'SEGMENT', name: 'keen' }]]);
    await shop.projection.sweep();
    expect(heard).toHaveLength(1);
    expect(shop.failures.length).toBeGreaterThan(0);
  });

  it('announces what the bus did not take when it takes messages again', async () => {
    await shop.setFeatures(tenant, [ada(0.1)]);
    const heard = await shop.listen(tenant, 'ada');
    shop.parts.busFails = true;
    await shop.upsert(tenant, 'ada', { country: 'DE' });
    shop.parts.busFails = false;
    shop.clock.advance(3000);
    await shop.projection.sweep();
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'ATTRIBUTE', name: 'country' }]]);
  });

  it('does not strike out what has changed after it looked, before it is announced', async () => {
    const other = new Shop(pool, shop.clock);
    other.parts.busFails = true;
    const heard = await shop.listen(tenant, 'ada');
    let isFirst = true;
    await shop.parts.bus.subscribe(customerTopic(tenant, 'ada'), async () => {
      if (isFirst) await other.upsert(tenant, 'ada', { late: true });
      isFirst = false;
    });
    await shop.upsert(tenant, 'ada', { early: true });
    expect(heard.flatMap(it => it.changes.map(({ name }) => name))).toEqual(['early']);
    shop.clock.advance(3000);
    await shop.projection.sweep();
    expect(heard.flatMap(it => it.changes.map(({ name }) => name))).toEqual(['early', 'late']);
    await other.projection.stop();
  });

  it('sends each change once where many come at once', async () => {
    const heard = await shop.listen(tenant, 'ada');
    await Promise.all(Array.from({ length: 40 }, (_, i) => shop.upsert(tenant, 'ada', { [`a${i}`]: i })));
    expect(heard.flatMap(it => it.changes.map(({ name }) => name)).sort()).toEqual(Array.from({ length: 40 }, (_, i) => `a${i}`).sort());
    expect((await shop.online(tenant, 'ada'))?.version).toBe((await shop.truth(tenant, 'ada'))?.version);
    expect(heard.length).toBeLessThan(40);
  });

  it('survives that the same customers are changed from all sides', async () => {
    await shop.define(tenant, { segments: [byHand('list')], features: [number('views', { aggregate: { function: 'count', event: 'page_view', windowMs: 1e9 } })] });
    const ids = Array.from({ length: 30 }, (_, i) => `c${i}`);
    const shuffled = (k: number): string[] => ids.map((_, i) => ids[(i * 7 + k * 11) % 30] ?? '');
    await Promise.all(Array.from({ length: 10 }, async (_, k) => {
      await shop.setFeatures(tenant, shuffled(k).map(customerId => ({ customerId, values: [{ name: 'score', value: k / 10 }] })));
      await shop.ingest(tenant, shuffled(k + 1).map((customerId, i) => ({ id: `${k}-${i}`, customerId, type: 'page_view' })));
      await shop.ask(tenant, 'mutation($ids: [ID!]!) { addToSegment(input: { segmentId: "list", customerIds: $ids }) { changed } }', { ids: shuffled(k + 2) });
    }));
    for (const id of ids) {
      expect(await shop.online(tenant, id)).toEqual(await shop.truth(tenant, id));
      expect(await shop.values(tenant, id)).toEqual({ score: 0.9, views: 10 });
    }
    expect(await members('list')).toEqual([...ids].sort());
  });

  it('keeps tenants apart', async () => {
    const theirs = await shop.newTenant();
    await shop.define(theirs, { features: [number('score')] });
    const heard = await shop.listen(theirs, 'ada');
    await shop.setFeatures(tenant, [ada(0.9)]);
    expect(heard).toEqual([]);
    expect(await shop.truth(theirs, 'ada')).toBeUndefined();
    await shop.setFeatures(theirs, [ada(0.2)]);
    expect((await shop.online(tenant, 'ada'))?.features['score']?.value).toBe(0.9);
    expect((await shop.online(theirs, 'ada'))?.segments).toEqual([]);
  });
});
