import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, score } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
});

const hourMs = 3_600_000;
const everything = 'name description valueType ttlMs defaultValue owner kind purposes expression aggregate { function event property where per { event where } windowMs }';

describe('feature definitions', () => {
  it('are answered as they were saved, ordered by name', async () => {
    const spent = {
      name: 'spent_30d', description: 'Money of a month', kind: 'behavioral', valueType: 'number', ttlMs: 60_000, defaultValue: 0, owner: 'growth', purposes: ['analytics'],
      aggregate: { function: 'sum', event: 'purchase', property: 'amount', where: null, per: null, windowMs: 30 * 86_400_000 }, expression: null,
    };
    const likes = {
      name: 'likes', description: '', kind: 'customer', valueType: 'strings', ttlMs: 1000, defaultValue: ['a'], owner: null, purposes: [], aggregate: null, expression: null,
    };
    await api.set(tenant, 'upsertFeatureDefinition', spent);
    await api.set(tenant, 'upsertFeatureDefinition', likes);
    const { data } = await api.ask(tenant, `{ featureDefinitions { ${everything} } }`);
    expect(data.featureDefinitions).toEqual([likes, spent]);
    const { data: { it: payload } } = await api.change(tenant, 'upsertFeatureDefinition', { ...spent, defaultValue: null }, `featureDefinition { ${everything} }`);
    expect(payload.featureDefinition).toEqual({ ...spent, defaultValue: null });
  });

  it('are the next version where values are computed otherwise, and the same where they are not', async () => {
    const saved = async (more: object): Promise<unknown> => {
      const { data } = await api.change(tenant, 'upsertFeatureDefinition', { ...score, ...more }, 'featureDefinition { version }');
      return data.it.featureDefinition.version;
    };
    const count = { function: 'count', event: 'login', windowMs: hourMs };
    expect(await saved({})).toBeNull();
    expect(await saved({ ttlMs: 5000, description: 'x' })).toBeNull();
    expect(await saved({ aggregate: count })).toBe(2);
    expect(await saved({ aggregate: { windowMs: hourMs, event: 'login', function: 'count' }, limits: { nullRate: 0.5 } })).toBe(2);
    expect(await saved({ aggregate: { ...count, windowMs: 2 * hourMs } })).toBe(3);
    expect(await saved({ revision: 'model-7' })).toBe(4);
    expect(await saved({ revision: 'model-8' })).toBe(5);
  });

  it('keep their value type', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, ttlMs: 5000 });
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, valueType: 'string' })).refusals).toEqual([['CONFLICT', '/valueType']]);
    expect(await api.version(tenant)).toBe(2);
    await api.tenants.definitions.change(tenant, 'k', [{ kind: 'feature', id: 'score', body: null }]);
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, valueType: 'string' })).refusals).toEqual([['CONFLICT', '/valueType']]);
    const { data } = await api.change(tenant, 'upsertFeatureDefinition', score, 'featureDefinition { version }');
    expect(data.it.featureDefinition.version).toBe(2);
  });

  it.each<[string, object, string]>([
    ['a name with a control character', { name: 'a\nb' }, '/name'],
    ['a time to live of nothing', { ttlMs: 0 }, '/ttlMs'],
    ['a fraction of a millisecond', { ttlMs: 1000.5 }, '/ttlMs'],
    ['a default of another type', { defaultValue: '0' }, '/defaultValue'],
    ['a default that is an object', { defaultValue: { a: 1 } }, '/defaultValue'],
    ['a sum of nothing', { aggregate: { function: 'sum', event: 'e', windowMs: hourMs } }, '/aggregate/property'],
    ['a count of a property', { aggregate: { function: 'count', event: 'e', property: 'p', windowMs: hourMs } }, '/aggregate/property'],
    ['a ratio to nothing', { aggregate: { function: 'ratio', event: 'e', windowMs: hourMs } }, '/aggregate/per'],
    ['a window under an hour', { aggregate: { function: 'count', event: 'e', windowMs: hourMs - 1 } }, '/aggregate/windowMs'],
    ['a window of more than 90 days', { aggregate: { function: 'count', event: 'e', windowMs: 90 * 24 * hourMs + 1 } }, '/aggregate/windowMs'],
    ['a condition on the customer', { aggregate: { function: 'count', where: { attribute: { name: 'a', operator: 'exists' } }, windowMs: hourMs } }, '/aggregate/where/attribute'],
    ['an unknown type of events', { aggregate: { function: 'count', event: 'yawn', windowMs: hourMs } }, '/aggregate/event'],
    ['a ratio to an unknown type of events', { aggregate: { function: 'ratio', event: 'login', per: { event: 'yawn' }, windowMs: hourMs } }, '/aggregate/per/event'],
    ['the name of a counted behaviour', { name: 'did:0123456789abcdef' }, '/name'],
    ['a condition that time alone could change', { aggregate: { function: 'count', where: { property: { name: 'a', operator: 'withinLast', value: 'P1D' } }, windowMs: hourMs } }, '/aggregate/where/property/operator'],
    ['a count that is a text', { valueType: 'string', aggregate: { function: 'count', event: 'e', windowMs: hourMs } }, '/valueType'],
    ['a behavioral one without an aggregate', { kind: 'behavioral' }, '/aggregate'],
    ['a contextual one with an aggregate', { kind: 'contextual', aggregate: { function: 'count', event: 'e', windowMs: hourMs } }, '/aggregate'],
    ['a derived one without an expression', { kind: 'derived' }, '/expression'],
    ['an expression that cannot be read', { expression: '1 +' }, '/expression'],
    ['an expression over what is not there', { expression: 'nothing + 1' }, '/expression'],
    ['an expression of another type', { expression: '1 < 2' }, '/valueType'],
    ['a revision of what is computed here', { expression: '1', revision: 'r' }, '/revision'],
    ['a limit of errors in what is not computed here', { limits: { errorRate: 0.1 } }, '/limits/errorRate'],
    ['a share above one', { limits: { nullRate: 1.1 } }, '/limits/nullRate'],
    ['an expression over itself', { expression: 'score + 1' }, '/expression'],
    ['an expression of too many characters', { expression: '1'.repeat(1001) }, '/expression'],
    ['an expression of too many parts', { expression: Array.from({ length: 101 }, () => '1').join('+') }, '/expression'],
    ['an expression that is nested too deep', { expression: `${'('.repeat(400)}1${')'.repeat(400)}` }, '/expression'],
    ['an unknown function', { expression: 'eval(1)' }, '/expression'],
    ['a window of nothing', { aggregate: { function: 'count', event: 'login', windowMs: 0 } }, '/aggregate/windowMs'],
    ['a window into the future', { aggregate: { function: 'count', event: 'login', windowMs: -hourMs } }, '/aggregate/windowMs'],
  ])('refuse %s and change nothing', async (_what, part, path) => {
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(0);
  });

  it('do not rest on themselves, by whatever way', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, name: 'twice', expression: 'score * 2' });
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, name: 'more', expression: 'twice + 1' });
    const { errors } = await api.change(tenant, 'upsertFeatureDefinition', { ...score, expression: 'min(more, 1)' });
    expect(errors.map(it => [it.code, it.details])).toEqual([['INVALID_INPUT', { path: '/expression', cycle: 'score > more > twice > score' }]]);
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, kind: 'contextual' })).errors.map(it => [it.code, it.details])).toEqual([
      ['CONFLICT', { path: '/kind', usedBy: 'twice', uses: 1 }],
    ]);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, name: 'device', valueType: 'string', kind: 'contextual' });
    expect((await api.change(tenant, 'upsertFeatureDefinition', { ...score, name: 'x', expression: 'if(device == "tv", 1, 0)' })).refusals).toEqual([['INVALID_INPUT', '/expression']]);
  });

  it('need the purposes of all that they are computed from', async () => {
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, purposes: ['ads'] });
    const twice = { ...score, name: 'twice', expression: 'score * 2' };
    expect((await api.change(tenant, 'upsertFeatureDefinition', twice)).refusals).toEqual([['INVALID_INPUT', '/purposes']]);
    await api.set(tenant, 'upsertFeatureDefinition', { ...twice, purposes: ['ads', 'mail'] });
    const { errors } = await api.change(tenant, 'upsertFeatureDefinition', { ...score, purposes: ['ads', 'profiling'] });
    expect(errors.map(it => [it.code, it.details])).toEqual([['CONFLICT', { path: '/purposes', usedBy: 'twice', uses: 1 }]]);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, purposes: ['mail'] });
  });

  it('that were saved with another window, or before there were kinds, are still read', async () => {
    const old = { ...score, description: '', aggregate: { function: 'count', event: 'login', windowMs: 1000 } };
    await api.tenants.definitions.change(tenant, 'k', [{ kind: 'feature', id: 'score', body: old }]);
    expect((await api.ask(tenant, '{ featureDefinitions { name kind aggregate { windowMs } } }')).data.featureDefinitions).toEqual([
      { name: 'score', kind: 'behavioral', aggregate: { windowMs: 1000 } },
    ]);
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
