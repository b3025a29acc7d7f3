import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { dynamic, number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, {
    features: [
      number('score'),
      number('age', { ttlMs: 1000, defaultValue: 7 }),
      { ...number('tags'), valueType: 'strings' },
      { ...number('city'), valueType: 'string' },
      number('views', { aggregate: { function: 'count', event: 'page_view', windowMs: 1000 } }),
    ],
  });
});
afterAll(() => shop.projection.stop());

const of = (name: string, value: unknown, at?: number, customerId = 'ada'): object =>
  ({ customerId, values: [{ name, value, ...(at !== undefined && { at: new Date(at).toISOString() }) }] });
const refused = async (customers: readonly object[]): Promise<unknown> => (await shop.trySetFeatures(tenant, customers)).refusals;

describe('setFeatures', () => {
  it('keeps the newest value of each name, whatever the order and the batches they come in', async () => {
    const writes = fc.array(fc.record({ name: fc.constantFrom('score', 'age'), value: fc.integer({ min: 0, max: 3 }), at: fc.integer({ min: 0, max: 4 }) }), { minLength: 1, maxLength: 8 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(writes, fc.infiniteStream(fc.nat()), fc.integer({ min: 1, max: 4 }), async (all, order, batch) => {
        run += 1;
        const start = shop.clock.now() - 10_000;
        const sent = all.map(({ name, value, at }) => of(name, value, start + at, `c${run}`));
        const expected = Object.fromEntries(['score', 'age'].flatMap(name => {
          const [newest] = all.filter(it => it.name === name).sort((a, b) => b.at - a.at || b.value - a.value);
          return newest === undefined ? [] : [[name, newest.value]];
        }));
        const shuffled = sent.map(it => ({ it, key: order.next().value })).sort((a, b) => a.key - b.key).map(it => it.it);
        for (let from = 0; from < shuffled.length; from += batch) await shop.setFeatures(tenant, shuffled.slice(from, from + batch));
        const { views, ...values } = await shop.values(tenant, `c${run}`);
        expect(values).toEqual(expected);
        expect(views).toBe(0);
      }),
      { numRuns: 40, seed: 7 },
    );
  });

  it('takes a value that is sent twice once', async () => {
    expect(await shop.setFeatures(tenant, [of('score', 1)])).toBe(1);
    const version = (await shop.truth(tenant, 'ada'))?.version;
    expect(await shop.setFeatures(tenant, [of('score', 1)])).toBe(0);
    expect((await shop.truth(tenant, 'ada'))?.version).toBe(version);
  });

  it('refuses what does not fit its definition, with the place, and changes nothing', async () => {
    const now = shop.clock.now();
    const good = of('score', 1);
    expect(await refused([good, of('nosuch', 1)])).toEqual([['INVALID_INPUT', '/customers/1/values/0/name']]);
    expect(await refused([good, of('views', 1)])).toEqual([['INVALID_INPUT', '/customers/1/values/0/name']]);
    expect(await refused([good, of('score', '1')])).toEqual([['INVALID_INPUT', '/customers/1/values/0/value']]);
    expect(await refused([good, of('tags', 'red')])).toEqual([['INVALID_INPUT', '/customers/1/values/0/value']]);
    expect(await refused([good, of('tags', [1])])).toEqual([['INVALID_INPUT', '/customers/1/values/0/value']]);
    expect(await refused([good, of('city', 'a\u0000b')])).toEqual([['INVALID_INPUT', '/customers/1/values/0/value']]);
    expect(await refused([good, of('score', 1, now + 3_600_000)])).toEqual([['INVALID_INPUT', '/customers/1/values/0/at']]);
    expect(await refused([good, of('score', 1, now, 'a\u0000')])).toEqual([['INVALID_INPUT', '/customers/1/customerId']]);
    expect(await refused([good, { customerId: 'ada', values: [] }])).toEqual([['INVALID_INPUT', '/customers/1/values']]);
    expect(await refused([])).toEqual([['INVALID_INPUT', '/customers']]);
    expect(await refused(Array.from({ length: 1001 }, (_, i) => of('score', 1, now, `c${i}`)))).toEqual([['LIMIT_EXCEEDED', '/customers']]);
    expect(await shop.truth(tenant, 'ada')).toBeUndefined();
  });

  it('lets no number in that is none', async () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      await expect(shop.trySetFeatures(tenant, [of('score', value)])).rejects.toThrow();
    }
    expect(await shop.truth(tenant, 'ada')).toBeUndefined();
  });

  it('takes the time of a clock that is a little ahead as now', async () => {
    await shop.setFeatures(tenant, [of('score', 1, shop.clock.now() + 30_000)]);
    expect((await shop.truth(tenant, 'ada'))?.features['score']?.at).toBe(shop.clock.now());
  });

  it('is for servers and admins', async () => {
    expect((await shop.trySetFeatures(tenant, [of('score', 1)], 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await shop.trySetFeatures(tenant, [of('score', 1)], 'admin')).refusals).toEqual([]);
  });
});

describe('the features of a customer', () => {
  it('have a status and an age; what is missing says so', async () => {
    await shop.setFeatures(tenant, [of('score', 0.5), of('tags', ['red', 'blue'])]);
    shop.clock.advance(3_600_001);
    await shop.setFeatures(tenant, [of('city', 'Ulm')]);
    const { data } = await shop.ask(tenant, '{ customer(id: "ada") { features { name value status at ageMs } } }');
    const at = new Date(shop.clock.now()).toISOString();
    const before = new Date(shop.clock.now() - 3_600_001).toISOString();
    expect(data.customer.features).toEqual([
      { name: 'age', value: 7, status: 'DEFAULTED', at: null, ageMs: null },
      { name: 'city', value: 'Ulm', status: 'FRESH', at, ageMs: 0 },
      { name: 'score', value: 0.5, status: 'STALE', at: before, ageMs: 3_600_001 },
      { name: 'tags', value: ['red', 'blue'], status: 'STALE', at: before, ageMs: 3_600_001 },
      { name: 'views', value: 0, status: 'FRESH', at, ageMs: 0 },
    ]);
  });

  it('stand in for missing ones in segments where they have a default', async () => {
    await shop.define(tenant, { segments: [dynamic('seven', { feature: { name: 'age', operator: 'equals', value: 7 } })] });
    await shop.setFeatures(tenant, [of('score', 0.5)]);
    expect((await shop.online(tenant, 'ada'))?.segments).toEqual(['seven']);
  });
});
