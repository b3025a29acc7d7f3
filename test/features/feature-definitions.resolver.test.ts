import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, score } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
});

const everything = 'name description valueType ttlMs defaultValue owner aggregate { function event property windowMs }';

describe('feature definitions', () => {
  it('are answered as they were saved, ordered by name', async () => {
    const spent = {
      name: 'spent_30d', description: 'Money of a month', valueType: 'number', ttlMs: 60_000, defaultValue: 0, owner: 'growth',
      aggregate: { function: 'sum', event: 'purchase', property: 'amount', windowMs: 30 * 86_400_000 },
    };
    const likes = { name: 'likes', description: '', valueType: 'strings', ttlMs: 1000, defaultValue: ['a'], owner: null, aggregate: null };
    await api.set(tenant, 'upsertFeatureDefinition', spent);
    await api.set(tenant, 'upsertFeatureDefinition', likes);
    const { data } = await api.ask(tenant, `{ featureDefinitions { ${everything} } }`);
    expect(data.featureDefinitions).toEqual([likes, spent]);
    const { data: { it: payload } } = await api.change(tenant, 'upsertFeatureDefinition', { ...spent, defaultValue: null }, `featureDefinition { ${everything} }`);
    expect(payload.featureDefinition).toEqual({ ...spent, defaultValue: null });
  });

  it('keep their value type', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, ttlMs: 5000 });
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, valueType: 'string' })).refusals).toEqual([['CONFLICT', '/valueType']]);
    expect(await api.version(tenant)).toBe(2);
  });

  it.each<[string, object, string]>([
    ['a name with a control character', { name: 'a\nb' }, '/name'],
    ['a time to live of nothing', { ttlMs: 0 }, '/ttlMs'],
    ['a fraction of a millisecond', { ttlMs: 1000.5 }, '/ttlMs'],
    ['a default of another type', { defaultValue: '0' }, '/defaultValue'],
    ['a default that is an object', { defaultValue: { a: 1 } }, '/defaultValue'],
    ['a sum of nothing', { aggregate: { function: 'sum', event: 'e', windowMs: 1000 } }, '/aggregate/property'],
    ['a count of a property', { aggregate: { function: 'count', event: 'e', property: 'p', windowMs: 1000 } }, '/aggregate/property'],
    ['a window of three years', { aggregate: { function: 'count', event: 'e', windowMs: 3 * 366 * 86_400_000 } }, '/aggregate/windowMs'],
    ['a count that is a text', { valueType: 'string', aggregate: { function: 'count', event: 'e', windowMs: 1000 } }, '/valueType'],
  ])('refuse %s and change nothing', async (_what, part, path) => {
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(0);
  });

  it('are at most 1000, of which each can still be changed', async () => {
    const { definitions } = api.tenants;
    await definitions.change(tenant, 'k', Array.from({ length: 1000 }, (_, i) => {
      const name = `f${i}`;
      return { kind: 'feature' as const, id: name, body: { ...score, name, description: '' } };
    }));
    expect((await api.change(tenant, 'upsertFeatureDefinition', score)).refusals).toEqual([['LIMIT_EXCEEDED', undefined]]);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, name: 'f7', ttlMs: 5000 });
    expect((await api.ask(tenant, '{ featureDefinitions { name } }')).data.featureDefinitions).toHaveLength(1000);
  });

  it('are each tenant\'s own, for servers and admins to read and for admins to change', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    expect((await api.ask(await api.newTenant(), '{ featureDefinitions { name } }')).data.featureDefinitions).toEqual([]);
    expect((await api.ask(tenant, '{ featureDefinitions { name } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    const save = 'mutation($input: FeatureDefinitionInput!) { upsertFeatureDefinition(input: $input) { configurationVersion } }';
    expect((await api.ask(tenant, save, { input: score }, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
