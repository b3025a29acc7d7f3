import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { featureCandidates } from '../../src/features/feature.schema.js';
import { put } from '../../src/tenants/definition-kind.js';
import { above } from '../customers/shop.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

jest.setTimeout(60_000);

let shop: ShopServer;
afterAll(() => shop.stop());
const { pool } = await testDatabase();

const input = (name: string) => ({ source: 'feature', name, transform: { kind: 'number', scale: 1, offset: 0 }, missing: 0 }) as const;
const trial = { name: 'T', hypothesis: 'h', placementId: 'hero', coverage: 1, seed: 's', arms: [{ id: 'a', name: 'A', weight: 0.5 }, { id: 'b', name: 'B', weight: 0.5 }] } as const;
const named = ['base', 'asked', 'ruled', 'targeted', 'learned', 'modelled', 'affinity_shoes', 'tried', 'over', 'free'];

beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, {
    features: [...named.map(name => feature(name)), feature('twice', { expression: 'base * 2' })],
    segments: [{ id: 's', name: 'S', description: '', condition: { not: above('asked', 1) } }],
    placements: [{ ...hero, bandit: { features: ['learned'], lambda: 1, alpha: 1, forgetting: 1 } } as unknown as typeof hero],
    ruleSets: [{ id: 'rules', name: 'Rules', rules: [rule('r', { when: above('ruled', 0.5) })] }],
    experiments: [{ id: 'now', ...trial, status: 'draft', targeting: above('targeted', 1) }, { id: 'past', ...trial, status: 'stopped', targeting: above('over', 1) }],
    models: [{ id: 'm', name: 'M', description: '', runtime: 'onnx', artifact: 'a'.repeat(64), output: 'probability', inputs: [input('modelled'), input('affinity_{category}')] }],
  });
  await shop.app.tenants.definitions.change(shop.tenantId, 'test', [put(featureCandidates, 'free', feature('free', { expression: 'tried + 1', version: 2 }))]);
});

const remove = (name: string, key?: string): ReturnType<ShopServer['query']> =>
  shop.query('mutation D($name: ID!) { deleteFeatureDefinition(input: { name: $name }) { id configurationVersion } }', { name }, key);
const set = (values: object): ReturnType<ShopServer['query']> =>
  shop.query('mutation S($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: 'ada', values: Object.entries(values).map(([name, value]) => ({ name, value })) }] } });
const online = (...names: readonly string[]): ReturnType<ShopServer['query']> =>
  shop.query('query F($names: [ID!]) { onlineFeatures(customerIds: ["ada"], names: $names) { features { name value status } } }', { names });
const rows = async (table: string, name: string): Promise<number> => (await pool.query(`SELECT FROM ${table} WHERE tenant_id = $1 AND name = $2`, [shop.tenantId, name])).rowCount ?? 0;

describe('a feature that is deleted', () => {
  it.each([
    ['another feature', 'base', 'feature/twice'], ['a segment', 'asked', 'segment/s'], ['a placement', 'learned', 'placement/hero'], ['a rule', 'ruled', 'ruleSet/rules'],
    ['an experiment', 'targeted', 'experiment/now'], ['a model', 'modelled', 'model/m'], ['a model for some category', 'affinity_shoes', 'model/m'], ['a candidate', 'tried', 'featureCandidate/free'],
  ])('stays while %s reads it', async (_what, name, usedBy) => {
    const { errors } = await remove(name);
    expect(errors?.map(it => it.extensions)).toMatchObject([{ code: 'CONFLICT', details: { path: '/name', usedBy, uses: 1 } }]);
    expect((await shop.query('{ featureDefinitions { name } }')).data.featureDefinitions).toContainEqual({ name });
  });

  it('is missed by readers at once, and leaves nothing behind', async () => {
    expect((await set({ free: 1, over: 2 })).data.setFeatures).toEqual({ changedCustomers: 1 });
    await shop.query('mutation { saveFeatureBaseline(input: { name: "free", baseline: "b" }) { profile { customers } } }');
    expect((await online('free', 'over')).data.onlineFeatures[0].features).toEqual([{ name: 'free', value: 1, status: 'FRESH' }, { name: 'over', value: 2, status: 'FRESH' }]);
    expect([await rows('feature_history', 'free'), await rows('feature_baselines', 'free')]).toEqual([1, 1]);
    expect((await remove('free')).data.deleteFeatureDefinition).toEqual({ id: 'free', configurationVersion: expect.any(Number) });
    expect((await online('free')).errors?.map(it => it.extensions)).toMatchObject([{ code: 'INVALID_INPUT', details: { path: '/names/0' } }]);
    expect((await shop.query('{ featureVersions(name: "free") { version } }')).errors?.[0]?.extensions.code).toBe('NOT_FOUND');
    while ((await rows('customer_features', 'free')) > 0) await new Promise(resolve => setTimeout(resolve, 50));
    expect([await rows('feature_history', 'free'), await rows('feature_baselines', 'free'), await rows('customer_features', 'over')]).toEqual([0, 0, 1]);
    expect((await online('over')).data.onlineFeatures[0].features[0].value).toBe(2);
    expect((await remove('tried')).data.deleteFeatureDefinition.id).toBe('tried'); // the candidate that read it has gone, too
    expect((await remove('over')).data.deleteFeatureDefinition.id).toBe('over'); // the experiment is over
  });

  it('has to be there, and its deleter to be an admin', async () => {
    expect((await remove('nosuch')).errors?.[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', details: { path: '/name' } });
    expect((await remove('base', shop.keys.server)).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});
