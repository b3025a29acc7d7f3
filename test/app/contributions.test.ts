import { createHash, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { encodeLogisticAsOnnx } from '../../src/models/onnx-logistic.js';
import { feature, hero, item, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
const weights = [4, 0.7, 0.3, 1.5, -2.5];
const bias = -1;
const model = encodeLogisticAsOnnx({ weights: Float32Array.from(weights), bias });
const number = { kind: 'number', scale: 1, offset: 0 } as const;
const clicks = {
  id: 'clicks', name: 'Clicks', description: '', runtime: 'onnx', artifact: createHash('sha256').update(model).digest('hex'), output: 'probability',
  inputs: [
    { source: 'item', name: 'appeal', transform: number, missing: 0.25 },
    { source: 'feature', name: 'engagement_score', transform: number, missing: 0 },
    { source: 'feature', name: 'affinity_{category}', transform: number, missing: 0 },
    { source: 'context', name: 'deviceType', transform: { kind: 'oneHot', values: ['phone', 'desktop'] }, missing: 0 },
  ],
} as const;
const appeals = { boots: 0.1, sandals: 0.9 };

let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await pool.query('INSERT INTO model_artifacts (tenant_id, sha256, bytes) VALUES ($1, $2, $3)', [shop.tenantId, clicks.artifact, Buffer.from(model)]);
  await furnish(shop, {
    features: [feature('engagement_score'), feature('monetary_score'), feature('affinity_shoes')],
    items: [...Object.entries(appeals).map(([id, appeal]) => item(id, { attributes: { appeal } })), item('scarf')],
    models: [clicks],
    placements: [
      { ...hero, scorer: { kind: 'model', modelId: 'clicks' }, policy: { kind: 'greedy' } },
      { ...hero, id: 'learner', name: 'Learner', isDefault: false, scorer: { kind: 'bandit' }, bandit: { features: ['engagement_score', 'monetary_score'], lambda: 1, alpha: 0.5 } },
      { ...hero, id: 'shelf', name: 'Shelf', isDefault: false },
    ],
    ruleSets: [{ id: 'main', name: 'Main', rules: [rule('no-scarf', { when: { context: { name: 'deviceType', operator: 'equals', value: 'desktop' } }, items: { item: { name: 'id', operator: 'equals', value: 'scarf' } } })] }],
  });
  await shop.query('mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', {
    input: { customers: [{ customerId: 'ada', values: [{ name: 'engagement_score', value: 0.8 }, { name: 'monetary_score', value: -0.5 }, { name: 'affinity_shoes', value: 0.6 }] }] },
  });
});
afterAll(() => shop.stop());

interface Contribution {
  readonly kind: string;
  readonly name: string;
  readonly effect: number;
}
interface Candidate {
  readonly itemId: string;
  readonly score: number | null;
  readonly contributions: readonly Contribution[] | null;
}

const fields = 'id versions { posterior } candidates { itemId score contributions { kind name effect } }';
interface Decided {
  readonly id: string;
  readonly versions: { readonly posterior: number };
  readonly candidates: readonly Candidate[];
}
const decide = async (placement: string): Promise<Decided> =>
  (await shop.query(`query P($placement: ID) { personalize(customerId: "ada", placement: $placement, context: { deviceType: "desktop" }) { ${fields} } }`, { placement })).data.personalize as Decided;
const candidateOf = (all: readonly Candidate[], id: string): Candidate => {
  const found = all.find(it => it.itemId === id);
  if (found === undefined) throw new Error(`${id} is no candidate`);
  return found;
};
const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

describe('contributions to a score', () => {
  it('of a model are what the score would be lower by without each input', async () => {
    const { id, candidates } = await decide('hero');
    for (const [itemId, appeal] of Object.entries(appeals)) {
      const z = (a: number, e: number, affinity: number, desktop: number): number => sigmoid(4 * a + 0.7 * e + 0.3 * affinity - 2.5 * desktop + bias);
      const whole = z(appeal, 0.8, 0.6, 1);
      const wanted = [
        { kind: 'ITEM', name: 'appeal', effect: whole - z(0.25, 0.8, 0.6, 1) },
        { kind: 'FEATURE', name: 'engagement_score', effect: whole - z(appeal, 0, 0.6, 1) },
        { kind: 'FEATURE', name: 'affinity_shoes', effect: whole - z(appeal, 0.8, 0, 1) },
        { kind: 'CONTEXT', name: 'deviceType', effect: whole - z(appeal, 0.8, 0.6, 0) },
      ].sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
      const { contributions } = candidateOf(candidates, itemId);
      expect(contributions?.map(({ kind, name }) => ({ kind, name }))).toEqual(wanted.map(({ kind, name }) => ({ kind, name })));
      contributions?.forEach(({ effect }, i) => { expect(effect).toBeCloseTo(wanted[i]?.effect ?? Number.NaN, 5); });
    }
    expect(candidateOf(candidates, 'scarf').contributions).toBeNull();
    const { data } = await shop.query('query E($id: ID!) { explainDecision(id: $id, itemId: "boots") { candidate { contributions { kind name effect } } } }', { id });
    expect(data.explainDecision.candidate.contributions).toEqual(candidateOf(candidates, 'boots').contributions);
  });

  it('of a bandit add up to the score, until it has learned', async () => {
    const effects = ({ contributions }: Candidate): ReadonlyMap<string, number> => new Map((contributions ?? []).map(it => [`${it.kind} ${it.name}`.trim(), it.effect]));
    const untried = candidateOf((await decide('learner')).candidates, 'boots');
    expect(effects(untried)).toEqual(new Map([['UNCERTAINTY', untried.score], ['INTERCEPT', 0], ['FEATURE engagement_score', 0], ['FEATURE monetary_score', 0]]));

    const first = await decide('learner');
    const outcomes = ['IMPRESSION', 'CLICK'].map(kind => ({ id: randomUUID(), decisionId: first.id, kind }));
    await shop.query('mutation R($outcomes: [OutcomeInput!]!) { recordOutcomes(input: $outcomes) { accepted } }', { outcomes });
    let learned = first;
    while (learned.versions.posterior === first.versions.posterior) learned = await decide('learner');
    const scored = learned.candidates.filter(it => it.score !== null);
    for (const it of scored) expect([...effects(it).values()].reduce((sum, effect) => sum + effect, 0)).toBeCloseTo(it.score ?? Number.NaN, 12);
    expect(Math.max(...scored.map(it => effects(it).get('FEATURE engagement_score') ?? 0))).toBeGreaterThan(0);

    const { data } = await shop.query(`query D($id: ID!) { decision(id: $id) { ${fields} } }`, { id: first.id });
    expect(new Set((data.decision.candidates as readonly Candidate[]).map(it => it.contributions))).toEqual(new Set([null]));
  });

  it('are none where the order is the editors\', and none of a browser\'s business', async () => {
    expect(new Set((await decide('shelf')).candidates.map(it => it.contributions))).toEqual(new Set([null]));
    const { errors } = await shop.query(`{ personalize(customerId: "ada") { ${fields} } }`, {}, await shop.keys.browser('ada'));
    expect(new Set(errors?.map(it => it.extensions.code))).toEqual(new Set(['FORBIDDEN']));
  });
});
