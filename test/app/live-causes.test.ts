import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import WebSocket from 'ws';
import { encodeLogisticAsOnnx } from '../../src/models/onnx-logistic.js';
import { hero, item } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { openSocket } from './client.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

let shop: ShopServer;
afterAll(() => shop.stop()); // while the database is there
const { pool } = await testDatabase();
const keepAliveMs = 500;

beforeAll(async () => {
  shop = await startShop({ pool, sockets: { keepAliveMs } });
  await furnish(shop, {
    items: [item('boots', { priority: 3, attributes: { appeal: 0.1 } }), item('sandals', { priority: 2, attributes: { appeal: 0.5 } }), item('scarf', { priority: 1, attributes: { appeal: 0.9 } })],
    placements: [{ ...hero, policy: { kind: 'greedy' } }, { ...hero, id: 'learns', name: 'Learns', isDefault: false, policy: { kind: 'greedy' }, scorer: { kind: 'bandit' }, bandit: { features: [], lambda: 1, alpha: 0 } }],
  });
});

const change = async (mutation: string, variables: object = {}): Promise<void> => {
  expect((await shop.query(mutation, variables)).errors).toBeUndefined();
};

const input = '{ source: item, name: "appeal", missing: 0, transform: { kind: number } }';
const register = (weight: number): Promise<void> =>
  change(`mutation R($artifact: String!) { registerModel(input: { id: "taste", name: "Taste", output: "probability", artifact: $artifact, inputs: [${input}] }) { configurationVersion } }`, {
    artifact: Buffer.from(encodeLogisticAsOnnx({ weights: Float32Array.of(weight), bias: 0 })).toString('base64'),
  });
const rules = (excluded: string): string => `[{ id: "r", effect: exclude, reason: "r", when: { attribute: { name: "x", operator: exists, value: false } }, items: { item: { name: "id", operator: equals, value: "${excluded}" } } }]`;

describe('an open subscription is told why', () => {
  it('rules that are published change it, and drafts do not', async () => {
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await change(`mutation { saveRuleSet(input: { id: "main", name: "Main", rules: ${rules('boots')} }) { configurationVersion } }`);
    expect(await updates.isSilent()).toBe(true);
    await change('mutation { publishRuleSet(input: { id: "main" }) { configurationVersion } }');
    expect(await updates.next()).toEqual(['RULE', 'main', 'sandals']);
    await change('mutation { saveRuleSet(input: { id: "main", name: "Main", rules: [] }) { configurationVersion } publishRuleSet(input: { id: "main" }) { configurationVersion } }');
    expect(await updates.next()).toEqual(['RULE', 'main', 'boots']);
    await updates.close();
  });

  it('a model, an experiment and the placement change it, each by its name', async () => {
    await register(4);
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    const arms = '[{ id: "model", name: "Model", weight: 0.5, scorer: { kind: model, modelId: "taste" } }, { id: "also", name: "Also", weight: 0.5, scorer: { kind: model, modelId: "taste" } }]';
    await change(`mutation { saveExperiment(input: { id: "trial", name: "Trial", placementId: "hero", arms: ${arms} }) { configurationVersion } }`);
    expect(await updates.isSilent()).toBe(true);
    await change('mutation { startExperiment(input: { id: "trial" }) { configurationVersion } }');
    expect(await updates.next()).toEqual(['EXPERIMENT', 'trial', 'scarf']);
    await register(-4);
    expect(await updates.next()).toEqual(['MODEL', 'taste', 'boots']);
    await register(4);
    expect(await updates.next()).toEqual(['MODEL', 'taste', 'scarf']);
    await change('mutation { stopExperiment(input: { id: "trial" }) { configurationVersion } }');
    expect(await updates.next()).toEqual(['EXPERIMENT', 'trial', 'boots']);
    await change('mutation { upsertPlacement(input: { id: "hero", name: "Hero", isDefault: true, policy: { kind: greedy }, scorer: { kind: model, modelId: "taste" } }) { configurationVersion } }');
    expect(await updates.next()).toEqual(['PLACEMENT', 'hero', 'scarf']);
    await updates.close();
  });

  it('what was learned changes it', async () => {
    const updates = await updatesOf(shop, 'ada', { placement: 'learns' });
    const [, , before] = await updates.next();
    const other = ['boots', 'sandals', 'scarf'].find(it => it !== before) ?? '';
    const ask = 'query A($items: [ContentItemInput!]!) { personalize(customerId: "bob", placement: "learns", items: $items) { id } }';
    const { id } = (await shop.query(ask, { items: [{ id: other, type: 'product', title: 'It', category: 'shoes' }] })).data.personalize;
    await change('mutation O($input: [OutcomeInput!]!) { recordOutcomes(input: $input) { accepted } }', { input: ['IMPRESSION', 'CLICK'].map(kind => ({ id: randomUUID(), decisionId: id, kind })) });
    expect(await updates.next()).toEqual(['MODEL', 'learns', other]);
    await updates.close();
  });
});

describe('a client that stops reading', () => {
  it('is closed, and another goes on getting each update', async () => {
    const stuck = openSocket(shop);
    const first = new Promise<void>(resolve => {
      stuck.on('open', () => { stuck.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${shop.keys.server}` } })); });
      stuck.on('message', (data: Buffer) => {
        const { type } = JSON.parse(data.toString()) as { type: string };
        if (type === 'connection_ack') stuck.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { decisionUpdates(customerId: "eve") { cursor } }' } }));
        if (type === 'next') resolve();
      });
    });
    await first;
    const updates = await updatesOf(shop, 'eve');
    await updates.next();
    expect(shop.app.decisions.feed.size).toBe(2);
    stuck.pause();
    let hidden = 'none';
    for (let i = 0; shop.app.decisions.feed.size === 2; i++) {
      hidden = i % 2 === 0 ? 'scarf' : 'none';
      await change(`mutation { saveRuleSet(input: { id: "main", name: "Main", rules: ${rules(hidden)} }) { configurationVersion } publishRuleSet(input: { id: "main" }) { configurationVersion } }`);
      const [kind, , shown] = await updates.next();
      expect(kind).toBe('RULE');
      expect(shown === 'scarf').toBe(hidden === 'none');
    }
    expect(shop.app.decisions.feed.size).toBe(1);
    stuck.resume();
    if (stuck.readyState !== WebSocket.CLOSED) await new Promise(resolve => stuck.on('close', resolve));
    await updates.close();
  });
});
