import { beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase } from '../support/postgres.js';
import { Api, home, score } from '../tenants/api.js';

const api = new Api((await testDatabase()).pool);
let tenant: string;
beforeEach(async () => {
  tenant = await api.newTenant();
  await api.set(tenant, 'upsertPlacement', home);
  await api.set(tenant, 'upsertFeatureDefinition', score);
});

const arm = (id: string, weight: number, more: object = {}): object => ({ id, name: id, weight, ...more });
const thirds = ['a', 'b', 'c'].map(id => arm(id, 1 / 3));
const draft = { id: 'test', name: 'Test', placementId: 'home', arms: [arm('control', 0.9), arm('bold', 0.1)] };

describe('experiments', () => {
  it('are answered as they were saved, with their placement', async () => {
    const targeting = { feature: { name: 'score', operator: 'greaterThan', value: 0.5 } };
    const bold = arm('bold', 0.25, { scorer: { kind: 'priority' }, policy: { kind: 'epsilonGreedy', epsilon: 1 } });
    await api.set(tenant, 'saveExperiment', { ...draft, hypothesis: 'Bold sells', coverage: 0.5, targeting, arms: [arm('control', 0.75), bold] });
    const { data } = await api.ask(
      tenant,
      `{ experiment(id: "test") { id name hypothesis status coverage seed targeting placement { id name }
         arms { id name weight scorer { kind modelId } policy { kind epsilon } } } none: experiment(id: "no") { id } }`,
    );
    expect(data).toEqual({
      experiment: {
        id: 'test', name: 'Test', hypothesis: 'Bold sells', status: 'draft', coverage: 0.5, seed: 'test', targeting, placement: { id: 'home', name: 'Home' },
        arms: [
          { id: 'control', name: 'control', weight: 0.75, scorer: null, policy: null },
          { id: 'bold', name: 'bold', weight: 0.25, scorer: { kind: 'priority', modelId: null }, policy: { kind: 'epsilonGreedy', epsilon: 1 } },
        ],
      },
      none: null,
    });
  });

  it('go from draft to running to stopped, and never back', async () => {
    const status = async (): Promise<string> => String((await api.ask(tenant, '{ experiment(id: "test") { status } }')).data.experiment.status);
    await api.set(tenant, 'saveExperiment', draft);
    await api.set(tenant, 'saveExperiment', { ...draft, name: 'Better name' });
    expect((await api.change(tenant, 'stopExperiment', { id: 'test' })).errors.map(it => [it.code, it.details])).toEqual([['CONFLICT', { status: 'draft' }]]);
    expect((await api.change(tenant, 'startExperiment', { id: 'test' }, 'experiment { name status }')).data.it).toEqual({ experiment: { name: 'Better name', status: 'running' } });
    for (const [mutation, input] of [['startExperiment', { id: 'test' }], ['saveExperiment', draft]] as const) {
      expect((await api.change(tenant, mutation, input)).errors.map(it => [it.code, it.details])).toEqual([['CONFLICT', { status: 'running' }]]);
    }
    expect(await status()).toBe('running');
    await api.set(tenant, 'stopExperiment', { id: 'test' });
    for (const mutation of ['startExperiment', 'stopExperiment']) {
      expect((await api.change(tenant, mutation, { id: 'test' })).errors.map(it => [it.code, it.details])).toEqual([['CONFLICT', { status: 'stopped' }]]);
    }
    expect(await status()).toBe('stopped');
    expect((await api.change(tenant, 'startExperiment', { id: 'no' })).refusals).toEqual([['NOT_FOUND', '/id']]);
  });

  it('take weights that sum to 1 within 1e-9', async () => {
    await api.set(tenant, 'saveExperiment', { ...draft, arms: thirds });
    await api.set(tenant, 'saveExperiment', { ...draft, arms: [arm('a', 0.5), arm('b', 0.5 + 0.9e-9)] });
    expect((await api.change(tenant, 'saveExperiment', { ...draft, arms: [arm('a', 0.5), arm('b', 0.5 + 1.1e-9)] })).refusals).toEqual([['INVALID_INPUT', '/arms']]);
  });

  it.each<[string, object, string]>([
    ['a placement that is not there', { placementId: 'no' }, '/placementId'],
    ['one arm', { arms: [arm('a', 1)] }, '/arms'],
    ['21 arms', { arms: Array.from({ length: 21 }, (_, i) => arm(`a${i}`, 1 / 21)) }, '/arms'],
    ['weights that sum to less', { arms: [arm('a', 0.5), arm('b', 0.4)] }, '/arms'],
    ['a negative weight', { arms: [arm('a', 1.5), arm('b', -0.5)] }, '/arms/0/weight'],
    ['the same arm twice', { arms: [arm('a', 0.5), arm('a', 0.5)] }, '/arms'],
    ['a coverage above 1', { coverage: 1.1 }, '/coverage'],
    ['a coverage below 0', { coverage: -0.1 }, '/coverage'],
    ['a model that is not there', { arms: [arm('a', 0.5), arm('b', 0.5, { scorer: { kind: 'model', modelId: 'no' } })] }, '/arms/1/scorer/modelId'],
    ['a bandit that the placement does not have', { arms: [arm('a', 0.5, { scorer: { kind: 'bandit' } }), arm('b', 0.5)] }, '/arms/0/scorer'],
    ['epsilon above 1', { arms: [arm('a', 0.5), arm('b', 0.5, { policy: { kind: 'epsilonGreedy', epsilon: 2 } })] }, '/arms/1/policy/epsilon'],
    ['targeting by items', { targeting: { item: { name: 'price', operator: 'exists' } } }, '/targeting/item'],
    ['an unknown type of events', { targeting: { did: { event: 'yawn' } } }, '/targeting/did/event'],
    ['an unknown segment', { targeting: { inSegment: 'no' } }, '/targeting/inSegment'],
  ])('refuse %s and change nothing', async (_what, part, path) => {
    expect((await api.change(tenant, 'saveExperiment', { ...draft, ...part })).refusals).toEqual([['INVALID_INPUT', path]]);
    expect(await api.version(tenant)).toBe(2);
  });

  it('start only while they still fit, and can always be stopped', async () => {
    await api.set(tenant, 'createSegment', { id: 'vip', name: 'VIP' });
    await api.set(tenant, 'saveExperiment', { ...draft, targeting: { inSegment: 'vip' } });
    const gone = { kind: 'segment', id: 'vip', body: null } as const;
    await api.tenants.definitions.change(tenant, 'k', [gone]);
    expect((await api.change(tenant, 'startExperiment', { id: 'test' })).refusals).toEqual([['INVALID_INPUT', '/targeting/inSegment']]);
    await api.set(tenant, 'createSegment', { id: 'vip', name: 'VIP' });
    await api.set(tenant, 'startExperiment', { id: 'test' });
    await api.tenants.definitions.change(tenant, 'k', [gone]);
    await api.set(tenant, 'stopExperiment', { id: 'test' });
  });

  it("are each tenant's own, for servers and admins to read and for admins to change", async () => {
    await api.set(tenant, 'saveExperiment', draft);
    const other = await api.newTenant();
    expect((await api.ask(other, '{ experiment(id: "test") { id } }')).data.experiment).toBeNull();
    expect((await api.change(other, 'startExperiment', { id: 'test' })).refusals).toEqual([['NOT_FOUND', '/id']]);
    expect((await api.ask(tenant, '{ experiment(id: "test") { id } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    for (const mutation of ['startExperiment', 'stopExperiment']) {
      expect((await api.ask(tenant, `mutation { ${mutation}(input: { id: "test" }) { configurationVersion } }`, {}, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    }
  });
});
