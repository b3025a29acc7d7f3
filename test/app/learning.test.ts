import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { seededRandom } from '../../src/kernel/random.js';
import { hero, item } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, {
    items: ['tent', 'tarp', 'hammock', 'bivouac'].map((id, i) => item(id, { priority: 4 - i })),
    placements: [{ ...hero, scorer: { kind: 'bandit' }, policy: { kind: 'epsilonGreedy', epsilon: 0.1 }, bandit: { features: ['engagement_score'], lambda: 1, alpha: 0.5 } }],
  });
});
afterAll(() => shop.stop());

interface Shown {
  readonly id: string;
  readonly selectedContent: { readonly id: string };
  readonly versions: { readonly posterior: number };
}

const ask = 'query Ask($ids: [ID!]!) { personalizeMany(customerIds: $ids) { id selectedContent { id } versions { posterior } } }';
const report = 'mutation Report($outcomes: [OutcomeInput!]!) { recordOutcomes(input: $outcomes) { accepted duplicates } }';
const decide = async (ids: readonly string[]): Promise<readonly Shown[]> => (await shop.query(ask, { ids })).data.personalizeMany as Shown[];

async function posteriorAfter(version: number): Promise<number> {
  for (let i = 0; i < 50; i++) {
    const [{ versions } = { versions: { posterior: 0 } }] = await decide(['probe']);
    if (versions.posterior > version) return versions.posterior;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  throw new Error('Nothing was learned within five seconds');
}

describe('learning', () => {
  it('turns an outcome into a reward of the next decisions within five seconds, and one that is sent twice into one', async () => {
    const [decided] = await decide(['ada']);
    const outcomes = [{ id: randomUUID(), decisionId: decided?.id, kind: 'IMPRESSION' }, { id: randomUUID(), decisionId: decided?.id, kind: 'CLICK' }];
    expect((await shop.query(report, { outcomes })).data.recordOutcomes).toEqual({ accepted: 2, duplicates: 0 });
    expect((await shop.query(report, { outcomes })).data.recordOutcomes).toEqual({ accepted: 0, duplicates: 2 });
    expect(await posteriorAfter(decided?.versions.posterior ?? 0)).toBeGreaterThan(0);
    const { rows } = await pool.query('SELECT trials FROM posteriors WHERE tenant_id = $1', [shop.tenantId]);
    expect(rows).toEqual([{ trials: 1 }]);
  });

  /**
   * Four arms, one clicked with probability 0.6 and the others with 0.1: chance alone earns 0.225. A policy that has found the best arm earns
   * 0.9 · 0.6 + 0.1 · 0.225 = 0.5625. Over the last 300 visits the standard error of a click rate is at most √(0.25 / 300) = 0.029, so a
   * learner is more than 4 of them above chance, at 0.34, with half of the way to spare.
   */
  it('finds the arm that is clicked most', async () => {
    const random = seededRandom(11);
    const clickRates: number[] = [];
    let version = await posteriorAfter(0);
    for (let round = 0; round < 6; round++) {
      const shown = await decide(Array.from({ length: 100 }, (_, i) => `visitor-${round}-${i}`));
      const clicked = shown.map(it => random() < (it.selectedContent.id === 'hammock' ? 0.6 : 0.1));
      clickRates.push(clicked.filter(Boolean).length / shown.length);
      const outcomes = shown.flatMap(({ id }, i) => [
        { id: `seen-${id}`, decisionId: id, kind: 'IMPRESSION' },
        ...(clicked[i] === true ? [{ id: `click-${id}`, decisionId: id, kind: 'CLICK' }] : []),
      ]);
      await shop.query(report, { outcomes });
      version = await posteriorAfter(version);
    }
    const last = clickRates.slice(3).reduce((a, b) => a + b) / 3;
    expect(last).toBeGreaterThan(0.225 + 4 * Math.sqrt(0.25 / 300));
  }, 60_000);
});
