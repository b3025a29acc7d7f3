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
  it('are read by name, in the order asked for, with their version', async () => {
    await shop.setFeatures(tenant, [of('score', 0.5)]);
    const { data } = await shop.ask(tenant, '{ customer(id: "ada") { features(names: ["city", "score"]) { name value status version } } }');
    expect(data.customer.features).toEqual([{ name: 'city', value: null, status: 'MISSING', version: 1 }, { name: 'score', value: 0.5, status: 'FRESH', version: 1 }]);
    const { refusals } = await shop.ask(tenant, '{ customer(id: "ada") { features(names: ["score", "constructor"]) { name } } }');
    expect(refusals).toEqual([['INVALID_INPUT', '/names/1']]);
  });

  it('are read of many customers at once, strangers among them, in one round trip', async () => {
    await shop.setFeatures(tenant, [of('score', 0.5), of('score', 0.7, undefined, 'bob')]);
    shop.parts.reads = 0;
    const { data } = await shop.ask(tenant, '{ onlineFeatures(customerIds: ["bob", "zoe", "ada"], names: ["score", "age"]) { customerId known features { name value status ageMs } } }');
    expect(data.onlineFeatures).toEqual([
      { customerId: 'bob', known: true, features: [{ name: 'score', value: 0.7, status: 'FRESH', ageMs: 0 }, { name: 'age', value: 7, status: 'DEFAULTED', ageMs: null }] },
      { customerId: 'zoe', known: false, features: [{ name: 'score', value: null, status: 'MISSING', ageMs: null }, { name: 'age', value: 7, status: 'DEFAULTED', ageMs: null }] },
      { customerId: 'ada', known: true, features: [{ name: 'score', value: 0.5, status: 'FRESH', ageMs: 0 }, { name: 'age', value: 7, status: 'DEFAULTED', ageMs: null }] },
    ]);
    expect(shop.parts.reads).toBe(1);
  });

  it('are for servers and admins, in bounds', async () => {
    const ask = 'query($ids: [ID!]!, $names: [ID!]) { onlineFeatures(customerIds: $ids, names: $names) { customerId } }';
    const many = Array.from({ length: 1001 }, (_, i) => `c${i}`);
    expect((await shop.ask(tenant, ask, { ids: ['ada'] }, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await shop.ask(tenant, ask, { ids: many })).refusals).toEqual([['LIMIT_EXCEEDED', '/customerIds']]);
    expect((await shop.ask(tenant, ask, { ids: ['ada'], names: many })).refusals).toEqual([['LIMIT_EXCEEDED', '/names']]);
    expect((await shop.ask(tenant, ask, { ids: ['ada'], names: ['nosuch'] })).refusals).toEqual([['INVALID_INPUT', '/names/0']]);
  });

  it('follow a definition that changes', async () => {
    const read = async (): Promise<unknown> => (await shop.ask(tenant, '{ onlineFeatures(customerIds: ["ada"], names: ["age"]) { features { value } } }')).data.onlineFeatures[0].features[0].value;
    expect(await read()).toBe(7);
    await shop.define(tenant, { features: [number('age', { defaultValue: 8 })] });
    expect(await read()).toBe(8);
  });

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
