import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeLogisticAsOnnx } from '../../src/models/onnx-logistic.js';
import { hero, item, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
const model = encodeLogisticAsOnnx({ weights: Float32Array.of(4), bias: -2 });
const artifact = createHash('sha256').update(model).digest('hex');
const clicks = {
  id: 'clicks', name: 'Clicks', description: '', runtime: 'onnx', artifact, output: 'probability',
  inputs: [{ source: 'item', name: 'appeal', transform: { kind: 'number', scale: 1, offset: 0 }, missing: 0 }],
} as const;
const items = [item('boots', { priority: 3, attributes: { appeal: 0.1 } }), item('sandals', { priority: 2, attributes: { appeal: 0.9 } }), item('scarf', { priority: 1, attributes: { appeal: 0.5 } })];
const isVip = { attribute: { name: 'vip', operator: 'equals', value: true } } as const;

let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await shop.app.tenants.definitions.change(shop.tenantId, 'test', []);
  await pool.query('INSERT INTO model_artifacts (tenant_id, sha256, bytes) VALUES ($1, $2, $3)', [shop.tenantId, artifact, Buffer.from(model)]);
  await furnish(shop, {
    items,
    models: [clicks],
    placements: [
      { ...hero, scorer: { kind: 'model', modelId: 'clicks' }, policy: { kind: 'greedy' } },
      { ...hero, id: 'footer', name: 'Footer', isDefault: false, policy: { kind: 'uniform' }, slots: 2 },
      { ...hero, id: 'sidebar', name: 'Sidebar', isDefault: false, policy: { kind: 'uniform' }, holdout: 0.5 },
      { ...hero, id: 'tested', name: 'Tested', isDefault: false, policy: { kind: 'greedy' } },
    ],
    experiments: [{
      id: 'trial', name: 'Trial', hypothesis: '', placementId: 'tested', status: 'running', coverage: 1, seed: 'trial',
      arms: [{ id: 'control', name: 'Control', weight: 0.5 }, { id: 'bold', name: 'Bold', weight: 0.5, policy: { kind: 'uniform' } }],
    }],
    ruleSets: [{ id: 'main', name: 'Main', rules: [rule('vip-scarf', { effect: 'require', when: isVip, items: { item: { name: 'id', operator: 'equals', value: 'scarf' } } })] }],
  });
});
afterAll(() => shop.stop());

interface Candidate {
  readonly itemId: string;
  readonly dropped: unknown;
}

const whole = `query Whole($customer: ID!, $placement: ID, $items: [ContentItemInput!], $context: ContextInput, $limit: Int, $deadlineMs: Int) {
  personalize(customerId: $customer, placement: $placement, items: $items, context: $context, limit: $limit, deadlineMs: $deadlineMs) {
    id customerId isStranger placement { id } selectedContent { id } slate { position propensity item { id } } alternativeOptions { id }
    confidenceScore propensity explorationUsed reasoning level latencyMs decidedAt versions { snapshot model posterior }
    assignments { experimentId } candidates { itemId score propensity dropped { code reason } } trace { stage survivors }
  }
}`;

describe('personalize', () => {
  it('needs no more than the id, and marks a stranger', async () => {
    const { data, errors } = await shop.query('{ personalize(customerId: "nobody") { isStranger placement { id } selectedContent { id } level propensity customer { id } } }');
    expect(errors).toBeUndefined();
    expect(data.personalize).toEqual({ isStranger: true, placement: { id: 'hero' }, selectedContent: { id: 'sandals' }, level: 'FULL', propensity: 1, customer: null });
  });

  it('takes each argument, and answers with all that stood behind it', async () => {
    const own = [{ id: 'kayak', type: 'product', title: 'Kayak', category: 'water' }, { id: 'paddle', type: 'product', title: 'Paddle', category: 'water' }];
    const { data, errors } = await shop.query(whole, { customer: 'nobody', placement: 'footer', items: own, context: { deviceType: 'phone', more: { weather: 'rain' } }, limit: 1, deadlineMs: 1000 });
    expect(errors).toBeUndefined();
    expect(data.personalize.slate).toHaveLength(1);
    expect(['kayak', 'paddle']).toContain(data.personalize.selectedContent.id);
    expect(data.personalize).toMatchObject({ placement: { id: 'footer' }, propensity: 0.5, level: 'FULL' });
    expect((data.personalize.candidates as Candidate[]).map(it => it.itemId)).toEqual(['kayak', 'paddle']);
  });

  it('scores by the model, and says what the rules dropped', async () => {
    const { data } = await shop.query(whole, { customer: 'nobody' });
    expect(data.personalize.confidenceScore).toBeCloseTo(1 / (1 + Math.exp(2 - 3.6)), 6);
    expect(data.personalize.versions).toMatchObject({ model: 'clicks', posterior: null });
    expect((data.personalize.candidates as Candidate[]).find(it => it.itemId === 'scarf')?.dropped).toEqual({ code: 'vip-scarf', reason: 'because of vip-scarf' });
    const trace = data.personalize.trace as readonly { stage: string; survivors: number }[];
    expect(trace.map(it => [it.stage, it.survivors])).toEqual([['gather', 3], ['candidates', 3], ['rules', 2], ['score', 2], ['compose', 1]]);
  });

  it('decides for many in their order, as one batch', async () => {
    const ids = Array.from({ length: 100 }, (_, i) => `visitor-${i}`);
    const { data } = await shop.query('query Many($ids: [ID!]!) { personalizeMany(customerIds: $ids) { id customerId selectedContent { id } } }', { ids });
    const decided = data.personalizeMany as readonly { id: string; customerId: string }[];
    expect(decided.map(it => it.customerId)).toEqual(ids);
    expect(new Set(decided.map(it => it.id)).size).toBe(100);
  });

  it('says who is held out, and shows them the editors\' first', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `visitor-${i}`);
    const { data } = await shop.query('query Many($ids: [ID!]!) { personalizeMany(customerIds: $ids, placement: "sidebar") { isHeldOut propensity selectedContent { id } } }', { ids });
    const decided = data.personalizeMany as readonly { isHeldOut: boolean; propensity: number; selectedContent: { id: string } }[];
    const [held, others] = [decided.filter(it => it.isHeldOut), decided.filter(it => !it.isHeldOut)];
    expect(Math.abs(held.length - 30)).toBeLessThan(4 * Math.sqrt(60 * 0.25));
    expect(new Set(held.map(it => `${it.selectedContent.id} ${it.propensity}`))).toEqual(new Set(['boots 1']));
    expect(new Set(others.map(it => it.propensity))).toEqual(new Set([0.5]));
  });

  it('says which policy chose, and which rule sets held', async () => {
    const ids = Array.from({ length: 60 }, (_, i) => `visitor-${i}`);
    interface Versioned { readonly isHeldOut: boolean; readonly assignments: readonly { readonly armId: string }[]; readonly versions: { readonly policy: string; readonly ruleSets: object } }
    const of = async (placement: string): Promise<readonly Versioned[]> =>
      (await shop.query('query Many($ids: [ID!]!, $placement: ID) { personalizeMany(customerIds: $ids, placement: $placement) { isHeldOut assignments { armId } versions { policy ruleSets { id since } } } }', { ids, placement })).data.personalizeMany as Versioned[];
    expect(new Set((await of('sidebar')).map(it => `${it.isHeldOut} ${it.versions.policy}`))).toEqual(new Set(['true greedy', 'false uniform']));
    const tested = await of('tested');
    expect(new Set(tested.map(it => `${it.assignments[0]?.armId} ${it.versions.policy}`))).toEqual(new Set(['control greedy', 'bold uniform']));
    const { version } = await shop.app.tenants.definitions.read(shop.tenantId);
    expect(tested[0]?.versions.ruleSets).toEqual([{ id: 'main', since: version }]);
    await shop.query('mutation { upsertContent(input: { id: "gloves", type: "product", title: "Gloves", category: "winter" }) { configurationVersion } }');
    expect((await of('tested'))[0]?.versions.ruleSets).toEqual([{ id: 'main', since: version }]);
    await shop.query('mutation { deleteContent(input: { id: "gloves" }) { configurationVersion } }');
  });

  it('has a REST twin that decides the same', async () => {
    const { status, data } = await shop.post('/api/v1/personalize', { customerId: 'nobody', context: { pageUrl: '/', deviceType: 'phone' } });
    expect(status).toBe(200);
    expect(data).toMatchObject({ selectedItem: { id: 'sandals' }, level: 'FULL', alternativeOptions: [{ id: 'boots' }] });
    expect(data.confidenceScore).toBeGreaterThan(0.8);
    expect(typeof data.latencyMs).toBe('number');
  });
});

describe('a logged decision', () => {
  it('is found, explained, and replayed bit for bit after everything has changed', async () => {
    const decided = (await shop.query(whole, { customer: 'nobody' })).data.personalize;
    const fields = whole.slice(whole.indexOf('{\n    id') + 1);
    const found = await shop.query(`query Found($id: ID!) { decision(id: $id) {${fields}`, { id: decided.id });
    expect(found.data.decision).toEqual(decided);
    await furnish(shop, { items: [item('hat')], models: [{ ...clicks, inputs: [{ ...clicks.inputs[0], missing: 1 }] }], placements: [{ ...hero, scorer: { kind: 'model', modelId: 'clicks' } }], ruleSets: [] });
    const now = (await shop.query(whole, { customer: 'nobody' })).data.personalize;
    expect(now.versions.snapshot).toBeGreaterThan(decided.versions.snapshot as number);
    const { data } = await shop.query(
      'query Again($id: ID!) { replayDecision(id: $id) { identical replayed { selectedContent { id } propensity confidenceScore } } explainDecision(id: $id, itemId: "scarf") { selected summary rank } }',
      { id: decided.id },
    );
    expect(data.replayDecision).toEqual({
      identical: true,
      replayed: { selectedContent: { id: 'sandals' }, propensity: decided.propensity, confidenceScore: decided.confidenceScore },
    });
    expect(data.explainDecision).toEqual({ selected: false, rank: null, summary: 'Left out by the rule "vip-scarf": because of vip-scarf' });
  });

  it("is no other tenant's", async () => {
    const id: unknown = (await shop.query('{ personalize(customerId: "nobody") { id } }')).data.personalize.id;
    const other = await startShop({ pool });
    const { data } = await other.query('query It($id: ID!) { decision(id: $id) { id } }', { id });
    const { errors } = await other.query('query It($id: ID!) { replayDecision(id: $id) { identical } }', { id });
    await other.stop();
    expect(data).toEqual({ decision: null });
    expect(errors?.[0]?.extensions.code).toBe('NOT_FOUND');
  });
});
