import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { segmentTopic } from '../../src/platform/bus.js';
import type { SegmentMoved } from '../../src/segments/segment-change.js';
import { above, byHand, dynamic, number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features: [number('score'), number('other')], segments: [dynamic('keen', above('score', 0.5)), byHand('vip')] });
});
afterAll(() => shop.projection.stop());

type Told = readonly [customerId: string, move: string, cause: string, subject: string | null];

/** What subscribers to the segment are told from now on. */
async function told(segmentId: string): Promise<Told[]> {
  const heard: Told[] = [];
  await shop.parts.bus.subscribe(segmentTopic(tenant, segmentId), event => {
    if (event.kind === 'message') heard.push(...(event.message as unknown as SegmentMoved).moves.map((it): Told => [it.customerId, it.move, it.cause.kind, it.cause.subject]));
  });
  return heard;
}
const score = (customerId: string, value: number): Promise<unknown> => shop.setFeatures(tenant, [{ customerId, values: [{ name: 'score', value }] }]);
const list = (how: string, expiresAt?: number): Promise<unknown> =>
  shop.ask(tenant, `mutation { ${how}(input: { segmentId: "vip", customerIds: ["ada"]${expiresAt === undefined ? '' : `, expiresAt: "${new Date(expiresAt).toISOString()}"`} }) { changed } }`);
const after = async (ms: number): Promise<readonly string[] | undefined> => {
  shop.clock.advance(ms);
  await shop.projection.sweep();
  return (await shop.online(tenant, 'ada'))?.segments;
};

describe('who subscribes to a segment', () => {
  it('is told who enters and leaves, and why', async () => {
    const [keen, vip] = [await told('keen'), await told('vip')];
    await score('ada', 0.9);
    await shop.setFeatures(tenant, [{ customerId: 'ada', values: [{ name: 'score', value: 0.8 }, { name: 'other', value: 1 }] }]);
    shop.clock.advance(1);
    await score('ada', 0.1);
    await list('addToSegment');
    await list('addToSegment');
    await list('removeFromSegment');
    expect(keen).toEqual([['ada', 'ENTERED', 'FEATURE', 'score'], ['ada', 'LEFT', 'FEATURE', 'score']]);
    expect(vip).toEqual([['ada', 'ENTERED', 'LIST', null], ['ada', 'LEFT', 'LIST', null]]);
  });

  it('is told of definitions, of segments that rest on others, and of those who come to be known', async () => {
    const both = { and: [{ inSegment: 'vip' }, { not: { inSegment: 'keen' } }] };
    await shop.define(tenant, { segments: [dynamic('both', both), dynamic('all', { not: { attribute: { name: 'gone', operator: 'exists' } } })] });
    const [keen, all, rests] = [await told('keen'), await told('all'), await told('both')];
    await score('ada', 0.4);
    await list('addToSegment');
    await shop.define(tenant, { segments: [dynamic('keen', above('score', 0.3))] });
    for (let i = 0; i < 200 && rests.length < 2; i++) await new Promise(resolve => setTimeout(resolve, 10));
    expect(all).toEqual([['ada', 'ENTERED', 'CUSTOMER', null]]);
    expect(keen).toEqual([['ada', 'ENTERED', 'DEFINITION', null]]);
    expect(rests).toEqual([['ada', 'ENTERED', 'SEGMENT', 'vip'], ['ada', 'LEFT', 'SEGMENT', 'keen']]);
  });

  it('is told what the bus did not take at first, once', async () => {
    const keen = await told('keen');
    shop.parts.busFails = true;
    await score('ada', 0.9);
    expect(keen).toEqual([]);
    shop.parts.busFails = false;
    await after(3000);
    await after(3000);
    expect(keen).toEqual([['ada', 'ENTERED', 'FEATURE', 'score']]);
  });
});

describe('a membership of a list that ends', () => {
  it('ends in time, with all that rests on it, and that is told', async () => {
    await shop.define(tenant, { segments: [dynamic('treated', { inSegment: 'vip' })] });
    const [vip, treated] = [await told('vip'), await told('treated')];
    await score('ada', 0.1);
    const end = shop.clock.now() + 60_000;
    await list('addToSegment', end);
    expect(await after(59_999)).toEqual(['treated', 'vip']);
    expect(await after(1)).toEqual([]);
    expect(vip).toEqual([['ada', 'ENTERED', 'LIST', null], ['ada', 'LEFT', 'TIME', null]]);
    expect(treated).toEqual([['ada', 'ENTERED', 'SEGMENT', 'vip'], ['ada', 'LEFT', 'TIME', null]]);
    const { data } = await shop.ask(tenant, '{ segment(id: "vip") { memberCount members { edges { node { id } } } } }');
    expect(data.segment).toEqual({ memberCount: 0, members: { edges: [] } });
  });

  it('ends at another time where that is said, or never', async () => {
    await score('ada', 0.1);
    const start = shop.clock.now();
    await list('addToSegment', start + 60_000);
    await list('addToSegment', start + 120_000);
    expect(await after(60_001)).toEqual(['vip']);
    await list('addToSegment');
    expect(await after(120_000)).toEqual(['vip']);
    await list('addToSegment', shop.clock.now() + 1000);
    expect(await after(1000)).toEqual([]);
  });
});

describe('counts of members', () => {
  it('are those of the rows, also after many changes have been put together', async () => {
    const memberships = async (): Promise<number> => Number((await pool.query<{ count: string }>('SELECT count(*) FROM segment_members WHERE tenant_id = $1', [tenant])).rows[0]?.count);
    const counts = async (): Promise<number> => {
      const { data } = await shop.ask(tenant, '{ keen: segment(id: "keen") { memberCount } vip: segment(id: "vip") { memberCount } }');
      return Number(data.keen.memberCount) + Number(data.vip.memberCount);
    };
    for (let i = 0; i < 120; i++) await score(`c${i % 7}`, i % 3 === 0 ? 0.9 : 0.1);
    await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["c1", "c2", "c3"] }) { changed } }');
    expect(await counts()).toBe(await memberships());
    expect(await counts()).toBeGreaterThan(3);
    await Promise.all([shop.upkeep(), shop.upkeep()]);
    expect(await counts()).toBe(await memberships());
    expect((await pool.query('SELECT FROM segment_counts WHERE tenant_id = $1 AND segment_id = $2', [tenant, 'keen'])).rowCount).toBeLessThan(30);
  });
});
