import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, home, score, shoe } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
});

async function defaults(): Promise<readonly string[]> {
  const placements: readonly { readonly id: string; readonly isDefault: boolean }[] = (await api.ask(tenant, '{ placements { id isDefault } }')).data.placements;
  return placements.filter(it => it.isDefault).map(it => it.id);
}

describe('placements', () => {
  it('are answered as they were saved, ordered by id, with the item that they fall back on', async () => {
    await api.set(tenant, 'upsertContent', shoe);
    await api.set(tenant, 'upsertFeatureDefinition', score);
    const accepts = { item: { name: 'category', operator: 'in', value: ['shoes', 'hats'] } };
    const bandit = { features: ['score'], lambda: 1, alpha: 0.5 };
    await api.set(tenant, 'upsertPlacement', { ...home, fallbackItemId: 'shoe' });
    await api.set(tenant, 'upsertPlacement', {
      id: 'cart', name: 'Cart', accepts, slots: 3, scorer: { kind: 'bandit' }, policy: { kind: 'uniform' }, holdout: 0.05, hemisphere: 'south', bandit,
    });
    const { data } = await api.ask(
      tenant,
      `{ placements { id name isDefault accepts slots scorer { kind modelId model { id } } policy { kind epsilon } fallbackItemId fallbackItem { title }
         holdout hemisphere bandit { features lambda alpha } } }`,
    );
    expect(data.placements).toEqual([
      {
        id: 'cart', name: 'Cart', isDefault: false, accepts, slots: 3, scorer: { kind: 'bandit', modelId: null, model: null },
        policy: { kind: 'uniform', epsilon: null }, fallbackItemId: null, fallbackItem: null, holdout: 0.05, hemisphere: 'south', bandit,
      },
      {
        id: 'home', name: 'Home', isDefault: true, accepts: null, slots: 1, scorer: { kind: 'priority', modelId: null, model: null },
        policy: { kind: 'epsilonGreedy', epsilon: 0.1 }, fallbackItemId: 'shoe', fallbackItem: { title: 'A shoe' }, holdout: 0, hemisphere: 'north', bandit: null,
      },
    ]);
  });

  it('have exactly one default among them, whatever is saved', async () => {
    expect((await api.change(tenant, 'upsertPlacement', { ...home, isDefault: false })).refusals).toEqual([['CONFLICT', '/isDefault']]);
    await api.set(tenant, 'upsertPlacement', home);
    await api.set(tenant, 'upsertPlacement', { ...home, id: 'cart', isDefault: false });
    expect(await defaults()).toEqual(['home']);
    await api.set(tenant, 'upsertPlacement', { ...home, id: 'mail' });
    expect(await defaults()).toEqual(['mail']);
    expect((await api.change(tenant, 'upsertPlacement', { ...home, id: 'mail', isDefault: false })).refusals).toEqual([['CONFLICT', '/isDefault']]);
    expect(await defaults()).toEqual(['mail']);
  });

  it('have exactly one default also where several are made it at once', async () => {
    await Promise.all(['a', 'b', 'c', 'd'].map(id => api.set(tenant, 'upsertPlacement', { ...home, id })));
    expect(await defaults()).toHaveLength(1);
    expect(await api.version(tenant)).toBe(4);
  });

  it.each<[string, object, string]>([
    ['a model that is not there', { scorer: { kind: 'model', modelId: 'none' } }, '/scorer/modelId'],
    ['a model that is not named', { scorer: { kind: 'model' } }, '/scorer/modelId'],
    ['a model for a scorer that has none', { scorer: { kind: 'priority', modelId: 'a' } }, '/scorer'],
    ['a bandit that is not described', { scorer: { kind: 'bandit' } }, '/scorer'],
    ['an item that is not there', { fallbackItemId: 'none' }, '/fallbackItemId'],
    ['a condition on customers', { accepts: { attribute: { name: 'a', operator: 'exists' } } }, '/accepts/attribute'],
    ['a price that is a text', { accepts: { item: { name: 'price', operator: 'equals', value: '1' } } }, '/accepts/item/value'],
    ['no slot', { slots: 0 }, '/slots'],
    ['too many slots', { slots: 21 }, '/slots'],
    ['epsilon above 1', { policy: { kind: 'epsilonGreedy', epsilon: 1.01 } }, '/policy/epsilon'],
    ['epsilon below 0', { policy: { kind: 'epsilonGreedy', epsilon: -0.01 } }, '/policy/epsilon'],
    ['no epsilon', { policy: { kind: 'epsilonGreedy' } }, '/policy/epsilon'],
    ['epsilon for a policy that has none', { policy: { kind: 'greedy', epsilon: 0.1 } }, '/policy'],
    ['everybody held out', { holdout: 1 }, '/holdout'],
    ['a bandit over an unknown feature', { bandit: { features: ['score', 'none'], lambda: 1, alpha: 1 } }, '/bandit/features/1'],
    ['a bandit over a text', { bandit: { features: ['city'], lambda: 1, alpha: 1 } }, '/bandit/features/0'],
    ['a feature twice', { bandit: { features: ['score', 'score'], lambda: 1, alpha: 1 } }, '/bandit/features'],
    ['a ridge of nothing', { bandit: { features: [], lambda: 0, alpha: 1 } }, '/bandit/lambda'],
    ['a negative width', { bandit: { features: [], lambda: 1, alpha: -1 } }, '/bandit/alpha'],
  ])('refuse %s and change nothing', async (_what, part, path) => {
    await api.set(tenant, 'upsertFeatureDefinition', score);
    await api.set(tenant, 'upsertFeatureDefinition', { ...score, name: 'city', valueType: 'string' });
    expect((await api.change(tenant, 'upsertPlacement', { ...home, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(2);
  });

  it("take another tenant's item and model for absent", async () => {
    const other = await api.newTenant();
    await api.set(other, 'upsertContent', shoe);
    expect((await api.change(tenant, 'upsertPlacement', { ...home, fallbackItemId: 'shoe' })).refusals).toEqual([['INVALID_INPUT', '/fallbackItemId']]);
  });

  it('are for servers and admins to read, and for admins to change', async () => {
    expect((await api.ask(tenant, '{ placements { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    const save = 'mutation($input: PlacementInput!) { upsertPlacement(input: $input) { configurationVersion } }';
    expect((await api.ask(tenant, save, { input: home }, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
