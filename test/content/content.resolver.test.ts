import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, home, shoe } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
});

const everything = 'id type title category tags url imageUrl price { amount currency } priority publishedAt startsAt endsAt attributes';

describe('content', () => {
  it('is answered as it was saved, times in UTC', async () => {
    const input = {
      ...shoe, tags: ['new'], url: '/shoes/1', imageUrl: 'https://shop.example/1.jpg', price: { amount: '19.90', currency: 'EUR' }, priority: 2,
      publishedAt: '2026-01-01T01:00:00+01:00', startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-03-01T00:00:00Z', attributes: { colour: 'red', sizes: ['40', '41'] },
    };
    const saved = { ...input, publishedAt: '2026-01-01T00:00:00.000Z', startsAt: '2026-02-01T00:00:00.000Z', endsAt: '2026-03-01T00:00:00.000Z' };
    const { data } = await api.change(tenant, 'upsertContent', input, `configurationVersion item { ${everything} }`);
    expect(data.it).toEqual({ configurationVersion: 1, item: saved });
    expect((await api.ask(tenant, `{ content(id: "shoe") { ${everything} } }`)).data.content).toEqual(saved);
  });

  it('has defaults, and null where nothing was said', async () => {
    await api.set(tenant, 'upsertContent', { ...shoe, url: null });
    expect((await api.ask(tenant, `{ content(id: "shoe") { ${everything} } }`)).data.content).toEqual({
      ...shoe, tags: [], priority: 0, attributes: {}, url: null, imageUrl: null, price: null, publishedAt: null, startsAt: null, endsAt: null,
    });
  });

  it('is replaced whole, and makes no version where nothing changes', async () => {
    await api.set(tenant, 'upsertContent', { ...shoe, url: '/a' });
    expect((await api.change(tenant, 'upsertContent', { ...shoe, url: '/a' })).data.it.configurationVersion).toBe(1);
    expect((await api.change(tenant, 'upsertContent', shoe, 'configurationVersion item { url }')).data.it).toEqual({ configurationVersion: 2, item: { url: null } });
  });

  it.each<[string, object, string]>([
    ['an empty id', { id: '' }, '/id'],
    ['an id that is too long', { id: 'x'.repeat(129) }, '/id'],
    ['an id with a zero character', { id: 'a\u0000b' }, '/id'],
    ['a title with a zero character', { title: 'a\u0000b' }, '/title'],
    ['half a surrogate pair', { title: 'a\ud800' }, '/title'],
    ['a title of 201 characters', { title: 'x'.repeat(201) }, '/title'],
    ['a link that runs', { url: 'javascript:alert(1)' }, '/url'],
    ['a link that runs after a comment', { imageUrl: 'javascript://%0aalert(1)' }, '/imageUrl'],
    ['a link with a line break', { url: '/a\nb' }, '/url'],
    ['an amount that is no number', { price: { amount: '1e3', currency: 'EUR' } }, '/price/amount'],
    ['an unknown currency format', { price: { amount: '1', currency: 'euro' } }, '/price/currency'],
    ['an end before the start', { startsAt: '2026-02-01T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }, '/endsAt'],
    ['an attribute that is an object', { attributes: { a: { b: 1 } } }, '/attributes/a'],
    ['an attribute with the name of a field', { attributes: { category: 'x' } }, '/attributes'],
    ['attributes that are a list', { attributes: [1] }, '/attributes'],
    ['too many attributes', { attributes: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`a${i}`, i])) }, '/attributes'],
    ['too many tags', { tags: Array.from({ length: 51 }, (_, i) => `t${i}`) }, '/tags'],
  ])('refuses %s and changes nothing', async (_what, part, path) => {
    expect((await api.change(tenant, 'upsertContent', { ...shoe, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(0);
  });

  it('is removed, unless a placement falls back on it', async () => {
    await api.set(tenant, 'upsertContent', shoe);
    await api.set(tenant, 'upsertPlacement', { ...home, fallbackItemId: 'shoe' });
    const { errors: [error] } = await api.change(tenant, 'deleteContent', { id: 'shoe' });
    expect([error?.code, error?.details]).toEqual(['CONFLICT', { usedBy: 'placement/home', uses: 1 }]);
    await api.set(tenant, 'upsertPlacement', home);
    expect((await api.change(tenant, 'deleteContent', { id: 'shoe' }, 'id configurationVersion')).data.it).toEqual({ id: 'shoe', configurationVersion: 4 });
    expect((await api.ask(tenant, '{ content(id: "shoe") { id } }')).data).toEqual({ content: null });
    expect((await api.change(tenant, 'deleteContent', { id: 'shoe' })).refusals).toEqual([['NOT_FOUND', '/id']]);
  });

  it("does not show, change or remove another tenant's", async () => {
    const other = await api.newTenant();
    await api.set(tenant, 'upsertContent', shoe);
    expect((await api.ask(other, '{ content(id: "shoe") { id } }')).data).toEqual({ content: null });
    expect((await api.change(other, 'deleteContent', { id: 'shoe' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    await api.set(other, 'upsertContent', { ...shoe, title: 'Theirs' });
    expect((await api.ask(tenant, '{ content(id: "shoe") { title } }')).data.content).toEqual({ title: shoe.title });
  });

  it('is read with a server key, changed with an admin key, and neither with a browser token', async () => {
    const create = 'mutation { upsertContent(input: { id: "a", type: "t", title: "t", category: "c" }) { configurationVersion } }';
    expect((await api.ask(tenant, create, {}, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await api.ask(tenant, create, {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await api.ask(tenant, '{ content(id: "a") { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await api.ask(tenant, '{ content(id: "a") { id } }', {}, 'server')).refusals).toEqual([]);
    expect(await api.version(tenant)).toBe(0);
  });

  it('reads all items of a request with one statement, and reads an id that cannot be as absent', async () => {
    for (const id of ['a', 'b', 'c']) await api.set(tenant, 'upsertContent', { ...shoe, id });
    const statements: unknown[] = [];
    const query = api.pool.query.bind(api.pool);
    api.pool.query = ((...args: [string]) => {
      statements.push(args[0]);
      return query(...args);
    }) as typeof query;
    try {
      const { data } = await api.ask(tenant, '{ a: content(id: "a") { id } b: content(id: "b") { id } again: content(id: "a") { id } no: content(id: "\\u0000") { id } }');
      expect(data).toEqual({ a: { id: 'a' }, b: { id: 'b' }, again: { id: 'a' }, no: null });
      expect(statements).toHaveLength(1);
    } finally {
      api.pool.query = query;
    }
  });
});
