import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { number, Shop, type Reply } from '../../customers/shop.js';
import { testDatabase } from '../../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const set = (value: unknown, customerId = 'ada'): Promise<number> => shop.setFeatures(tenant, [{ customerId, values: [{ name: 'score', value }] }]);
const query = `query($id: ID!, $name: ID!, $first: Int! = 20, $after: Cursor) {
  it: featureHistory(customerId: $id, name: $name, first: $first, after: $after) { edges { node { seq version value at recordedAt } } pageInfo { hasNextPage endCursor } }
}`;
const history = (variables: object = {}, role?: 'browser'): Promise<Reply> => shop.ask(tenant, query, { id: 'ada', name: 'score', ...variables }, role);
interface Node {
  readonly value: unknown;
  readonly recordedAt: string;
}
const nodesOf = ({ data }: Reply): readonly Node[] => (data.it.edges as { readonly node: Node }[]).map(it => it.node);
const valuesOf = (reply: Reply): readonly unknown[] => nodesOf(reply).map(it => it.value);

describe('the history of a value', () => {
  it('has each change with its times and version, newest first, and nothing of what stayed the same', async () => {
    await shop.define(tenant, { features: [number('score', { version: 3 })] });
    const times = [shop.clock.now()];
    await set(1);
    await set(1);
    shop.clock.advance(5000);
    times.unshift(shop.clock.now());
    await set(2);
    expect(nodesOf(await history())).toEqual([[2, 2], [1, 1]].map(([seq, value], i) => {
      const at = new Date(times[i] ?? 0).toISOString();
      return { seq, version: 3, value, at, recordedAt: at };
    }));
  });

  it('has the newest ten, or as many as the definition says, also while more are still there', async () => {
    await shop.define(tenant, { features: [number('score'), number('few', { historyLimit: 3 }), number('none', { historyLimit: 0 })] });
    for (let i = 1; i <= 15; i++) {
      await shop.setFeatures(tenant, [{ customerId: 'ada', values: ['score', 'few', 'none'].map(name => ({ name, value: i })) }]);
      shop.clock.advance(1);
    }
    expect(valuesOf(await history())).toEqual([15, 14, 13, 12, 11, 10, 9, 8, 7, 6]);
    expect(valuesOf(await history({ name: 'few' }))).toEqual([15, 14, 13]);
    expect(valuesOf(await history({ name: 'none' }))).toEqual([]);
    const { rows } = await pool.query('SELECT name, count(*)::int AS rows FROM feature_history WHERE tenant_id = $1 GROUP BY name ORDER BY name', [tenant]);
    expect(rows).toEqual([{ name: 'few', rows: 3 }, { name: 'score', rows: 15 }]);
  });

  it('comes by page', async () => {
    await shop.define(tenant, { features: [number('score')] });
    for (let i = 1; i <= 5; i++) {
      await set(i);
      shop.clock.advance(1);
    }
    const first = await history({ first: 2 });
    expect(valuesOf(first)).toEqual([5, 4]);
    const { endCursor: after, hasNextPage } = first.data.it.pageInfo;
    expect(hasNextPage).toBe(true);
    await set(6);
    expect(valuesOf(await history({ first: 4, after }))).toEqual([3, 2, 1]);
    expect((await history({ first: 1, after: Buffer.from('["x"]').toString('base64url') })).refusals).toEqual([['INVALID_INPUT', undefined]]);
  });

  it('says when a computed value changed, and when it went missing', async () => {
    await shop.define(tenant, { features: [number('mean', { aggregate: { function: 'mean', event: 'purchase', property: 'price', windowMs: 1000 } })] });
    const start = shop.clock.now();
    await shop.ingest(tenant, [{ id: 'e1', customerId: 'ada', type: 'purchase', at: new Date(start).toISOString(), properties: { price: 4 } }]);
    await shop.projection.changed(tenant, ['ada']);
    shop.clock.advance(1000);
    await shop.projection.changed(tenant, ['ada']);
    expect(nodesOf(await history({ name: 'mean' })).map(it => [it.value, Date.parse(it.recordedAt) - start])).toEqual([[null, 1000], [4, 0]]);
  });

  it('keeps the last value of each earlier version', async () => {
    const as = (version: number): Promise<void> => shop.define(tenant, { features: [number('score', { historyLimit: 2, version })] });
    await as(1);
    await set(1);
    await set(2);
    await as(2);
    for (let i = 10; i < 16; i++) await set(i);
    const { rows } = await pool.query('SELECT version, value FROM feature_history WHERE tenant_id = $1 ORDER BY seq', [tenant]);
    expect(rows).toEqual([{ version: 1, value: 2 }, { version: 2, value: 14 }, { version: 2, value: 15 }]);
  });

  it('is for servers and admins, of features that there are', async () => {
    await shop.define(tenant, { features: [number('score')] });
    expect((await history({}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await history({ name: 'x' })).refusals).toEqual([['NOT_FOUND', '/name']]);
    await set(1, 'bob');
    expect(valuesOf(await history())).toEqual([]);
  });
});
