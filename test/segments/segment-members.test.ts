import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { above, byHand, dynamic, number, Shop, type Reply } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
const customers = Array.from({ length: 25 }, (_, i) => `c${String(i).padStart(2, '0')}`);
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features: [number('score')], segments: [byHand('vip'), byHand('staff'), dynamic('keen', above('score', 0.5))] });
  await shop.setFeatures(tenant, customers.map((customerId, i) => ({ customerId, values: [{ name: 'score', value: i / 25 }] })));
});
afterAll(() => shop.projection.stop());

const inputs = { addToSegment: 'AddToSegmentInput', removeFromSegment: 'SegmentMembersInput' };
const change = (how: 'addToSegment' | 'removeFromSegment', segmentId: string, customerIds: readonly string[], expiresAt?: string): Promise<Reply> =>
  shop.ask(tenant, `mutation($input: ${inputs[how]}!) { it: ${how}(input: $input) { changed segment { memberCount } } }`, { input: { segmentId, customerIds, ...(expiresAt !== undefined && { expiresAt }) } });

interface Page {
  readonly edges: readonly { readonly node: { readonly id: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string };
}
const ids = ({ edges }: Page): string[] => edges.map(it => it.node.id);

describe('a list that is kept by hand', () => {
  it('takes customers on and off, each once, and the customers follow', async () => {
    const heard = await shop.listen(tenant, 'c01');
    expect((await change('addToSegment', 'vip', ['c01', 'c02', 'c01', 'nobody'])).data.it).toEqual({ changed: 2, segment: { memberCount: 2 } });
    expect((await change('addToSegment', 'vip', ['c01'])).data.it.changed).toBe(0);
    expect((await shop.online(tenant, 'c01'))?.segments).toEqual(['vip']);
    expect((await change('removeFromSegment', 'vip', ['c01', 'c03'])).data.it).toEqual({ changed: 1, segment: { memberCount: 1 } });
    expect((await shop.online(tenant, 'c01'))?.segments).toEqual([]);
    expect(heard.map(it => it.changes)).toEqual([[{ kind: 'SEGMENT', name: 'vip' }], [{ kind: 'SEGMENT', name: 'vip' }]]);
    expect(await shop.truth(tenant, 'nobody')).toBeUndefined();
  });

  it('is refused for other segments, too many customers, and ids that are none', async () => {
    expect((await change('addToSegment', 'keen', ['c01'])).refusals).toEqual([['CONFLICT', '/segmentId']]);
    expect((await change('addToSegment', 'nosuch', ['c01'])).refusals).toEqual([['NOT_FOUND', '/segment']]);
    expect((await change('addToSegment', 'vip', Array.from({ length: 1001 }, (_, i) => `x${i}`))).refusals).toEqual([['LIMIT_EXCEEDED', '/customerIds']]);
    expect((await change('addToSegment', 'vip', ['c01'], new Date(shop.clock.now()).toISOString())).refusals).toEqual([['INVALID_INPUT', '/expiresAt']]);
    expect((await change('addToSegment', 'vip', ['a\u0000'])).refusals).toEqual([['INVALID_INPUT', '/customerIds/0']]);
    const theirs = await shop.newTenant();
    expect((await shop.ask(theirs, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["c01"] }) { changed } }')).refusals).toEqual([['NOT_FOUND', '/segment']]);
  });
});

describe('members', () => {
  it('come by pages in the order of their ids', async () => {
    const page = async (after: string | null): Promise<Page> =>
      (await shop.ask(tenant, 'query($after: Cursor) { customers(segment: "keen", first: 5, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }', { after })).data.customers as Page;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    const third = await page(second.pageInfo.endCursor);
    expect([first, second, third].flatMap(ids)).toEqual(customers.slice(13));
    expect([first, second, third].map(it => it.pageInfo.hasNextPage)).toEqual([true, true, false]);
    expect(ids((await shop.ask(tenant, '{ customers(first: 100) { edges { node { id } } } }')).data.customers as Page)).toEqual(customers);
    expect((await shop.ask(tenant, '{ customers(segment: "nosuch") { edges { cursor } } }')).refusals).toEqual([['NOT_FOUND', '/segment']]);
    const foreign = Buffer.from(JSON.stringify(['a\u0000'])).toString('base64url');
    expect((await shop.ask(tenant, `{ customers(after: "${foreign}") { edges { cursor } } }`)).refusals).toEqual([['INVALID_INPUT', undefined]]);
  });

  it('are read with their features and segments in one round trip of each kind, however many there are', async () => {
    await change('addToSegment', 'vip', customers.slice(0, 15));
    await change('addToSegment', 'staff', customers.slice(10, 20));
    const nested = (first: number): string => `{
      customers(first: ${first}) { edges { node { id attributes features { name value status } segments { id memberCount members(first: 2) { edges { node { id segments { id } } } } } } } }
    }`;
    const roundTrips = async (first: number): Promise<number> => {
      await shop.parts.store.forget(tenant, customers);
      const query = pool.query.bind(pool);
      let count = 0;
      Object.assign(pool, {
        query: (...args: readonly unknown[]): unknown => {
          if (JSON.stringify(args).includes(tenant)) count += 1; // others are of the sweep
          return Reflect.apply(query, pool, args);
        },
      });
      const { data } = await shop.ask(tenant, nested(first));
      Reflect.deleteProperty(pool, 'query');
      expect(data.customers.edges).toHaveLength(first);
      return count;
    };
    // Ids of the page, customers, records, segments, their counts, their members.
    expect(await roundTrips(2)).toBe(6);
    expect(await roundTrips(25)).toBe(6);
  });

  it('are nobody else\'s business', async () => {
    for (const query of ['{ customer(id: "ada") { id } }', '{ customers { edges { cursor } } }', '{ segment(id: "vip") { memberCount } }', '{ previewSegment(condition: { inSegment: "vip" }) { count } }']) {
      expect((await shop.ask(tenant, query, {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    }
    const theirs = await shop.newTenant();
    expect((await shop.ask(theirs, '{ customer(id: "c01") { id } odd: customer(id: "a\\u0000b") { id } customers { edges { cursor } } segment(id: "vip") { id } }')).data)
      .toEqual({ customer: null, odd: null, customers: { edges: [] }, segment: null });
  });
});
