import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hero, item, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

const { pool } = await testDatabase();
let shop: ShopServer;

const only = (id: string) => ({ not: { item: { name: 'id', operator: 'equals', value: id } } }) as const;
const configuration = {
  placements: [{ ...hero, policy: { kind: 'greedy' } }],
  segments: [{ id: 'big-spenders', name: 'Big spenders', description: '', condition: { feature: { name: 'monetary_score', operator: 'greaterThan', value: 0.5 } } }],
  ruleSets: [{
    id: 'main', name: 'Main', rules: [
      rule('keen', { when: { feature: { name: 'engagement_score', operator: 'greaterThan', value: 0.5 } }, items: only('sandals') }),
      rule('spenders', { when: { inSegment: 'big-spenders' }, items: only('scarf') }),
    ],
  }],
} as const;

beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, configuration);
});
afterAll(() => shop.stop());

const set = (customer: string, name: string, value: number) =>
  shop.query('mutation S($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: customer, values: [{ name, value }] }] } });

describe('decisionUpdates', () => {
  it('push a new decision with its cause when a feature, a segment or the content changes it, and nothing when the answer stays', async () => {
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await set('ada', 'engagement_score', 0.9);
    expect(await updates.next()).toEqual(['FEATURE', 'engagement_score', 'sandals']);
    await set('ada', 'engagement_score', 0.8);
    await set('bob', 'engagement_score', 0.1);
    expect(await updates.isSilent()).toBe(true);
    await set('ada', 'engagement_score', 0.1);
    expect(await updates.next()).toEqual(['FEATURE', 'engagement_score', 'boots']);
    await set('ada', 'monetary_score', 0.9);
    const [kind, subject, shown] = await updates.next();
    expect([['SEGMENT', 'big-spenders'], ['FEATURE', 'monetary_score']]).toContainEqual([kind, subject]);
    expect(shown).toBe('scarf');
    await set('ada', 'monetary_score', 0.1);
    await updates.next();
    await furnish(shop, { ...configuration, items: [item('boots', { priority: 3, endsAt: '2020-01-01T00:00:00Z' })] });
    expect(await updates.next()).toEqual(['CONTENT', 'boots', 'sandals']);
    await updates.close();
    await furnish(shop, configuration);
  });

  it('resume by a cursor: silent where nothing was missed, and with a word of the gap where something was', async () => {
    const first = await updatesOf(shop, 'carl');
    await first.next();
    await first.close();
    const second = await updatesOf(shop, 'carl', { after: first.cursor });
    expect(await second.isSilent()).toBe(true);
    await second.close();
    await set('carl', 'engagement_score', 0.9);
    const third = await updatesOf(shop, 'carl', { after: first.cursor });
    expect(await third.next()).toEqual(['RESUMED_WITH_GAP', null, 'sandals']);
    await third.close();
  });

  it("serve a browser token for its own customer, and refuse it another's", async () => {
    const key = await shop.keys.browser('dora');
    const own = await updatesOf(shop, 'dora', { key });
    expect((await own.next())[0]).toBe('INITIAL');
    await own.close();
    const other = await updatesOf(shop, 'ada', { key });
    await expect(other.next()).rejects.toThrow(/FORBIDDEN/);
    await other.close();
  });
});
