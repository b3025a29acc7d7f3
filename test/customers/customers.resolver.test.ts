import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Shop } from './shop.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

describe('upsertCustomer', () => {
  it('makes a customer, sets attributes, removes those that are null, and leaves the others', async () => {
    expect((await shop.upsert(tenant, 'ada', { country: 'DE', tags: ['a', 'b'], age: 36, vip: true })).data.upsertCustomer.customer.attributes)
      .toEqual({ country: 'DE', tags: ['a', 'b'], age: 36, vip: true });
    expect((await shop.upsert(tenant, 'ada', { country: 'FR', age: null })).data.upsertCustomer.customer.attributes)
      .toEqual({ country: 'FR', tags: ['a', 'b'], vip: true });
    expect((await shop.ask(tenant, '{ customer(id: "ada") { id attributes } }')).data.customer)
      .toEqual({ id: 'ada', attributes: { country: 'FR', tags: ['a', 'b'], vip: true } });
  });

  it('knows a customer without attributes', async () => {
    await shop.upsert(tenant, 'ada', {});
    expect(await shop.online(tenant, 'ada')).toMatchObject({ known: true, attributes: {} });
  });

  it('loses nothing where many set different attributes at once', async () => {
    await Promise.all(Array.from({ length: 30 }, (_, i) => shop.upsert(tenant, 'ada', { [`a${i}`]: i })));
    expect(Object.keys((await shop.truth(tenant, 'ada'))?.attributes ?? {})).toHaveLength(30);
  });

  it('refuses what is no attribute, with its place, and more of them than a customer may have', async () => {
    const refused = async (attributes: object, id = 'ada'): Promise<unknown> => (await shop.upsert(tenant, id, attributes)).refusals;
    expect(await refused({ a: { b: 1 } })).toEqual([['INVALID_INPUT', '/attributes/a']]);
    expect(await refused({ a: [1] })).toEqual([['INVALID_INPUT', '/attributes/a']]);
    expect(await refused({ a: 'x\u0000' })).toEqual([['INVALID_INPUT', '/attributes/a']]);
    expect(await refused({ a: 'x'.repeat(1001) })).toEqual([['INVALID_INPUT', '/attributes/a']]);
    expect(await refused({}, 'a\nb')).toEqual([['INVALID_INPUT', '/id']]);
    const many = (from: number): object => Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`a${from + i}`, i]));
    await shop.upsert(tenant, 'ada', many(0));
    expect(await refused(many(150))).toEqual([['LIMIT_EXCEEDED', '/attributes']]);
    expect(Object.keys((await shop.truth(tenant, 'ada'))?.attributes ?? {})).toHaveLength(150);
  });

  it('answers that the database is away, not that something is wrong here', async () => {
    const refuse = async (): Promise<never> => {
      throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    };
    Object.assign(pool, { connect: refuse, query: refuse });
    try {
      expect((await shop.upsert(tenant, 'ada', { a: 1 })).refusals).toEqual([['UNAVAILABLE', undefined]]);
    } finally {
      Reflect.deleteProperty(pool, 'connect');
      Reflect.deleteProperty(pool, 'query');
    }
  });
});
