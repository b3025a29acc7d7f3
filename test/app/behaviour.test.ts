import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hero } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

let shop: ShopServer;
afterAll(() => shop.stop()); // while the database is there
const { pool } = await testDatabase();
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, { placements: [{ ...hero, policy: { kind: 'greedy' } }] });
  await saveRule(bought);
});

const bought = { did: { event: 'purchase', within: 'P30D', where: { property: { name: 'value', operator: 'greater_than', value: 50 } } } };
const save = 'mutation R($rules: [RuleInput!]!) { saveRuleSet(input: { id: "main", name: "Main", rules: $rules }) { ruleSet { draft { rules { when } } } } publishRuleSet(input: { id: "main" }) { configurationVersion } }';

/** Boots are not shown again to whom this holds for. */
async function saveRule(when: object): Promise<unknown> {
  const rules = [{ id: 'r', effect: 'exclude', reason: 'r', when, items: { item: { name: 'id', operator: 'equals', value: 'boots' } } }];
  const { data, errors } = await shop.query(save, { rules });
  expect(errors).toBeUndefined();
  return data.saveRuleSet.ruleSet.draft.rules[0].when as unknown;
}

const buy = async (customerId: string, value: unknown): Promise<void> => {
  const events = [{ id: randomUUID(), customerId, type: 'purchase', properties: { value } }];
  expect((await shop.query('mutation I($events: [EventInput!]!) { ingestEvents(input: $events) { accepted } }', { events })).data.ingestEvents.accepted).toBe(1);
};
const shown = async (customerId: string): Promise<string> =>
  (await shop.query('query P($id: ID!) { personalize(customerId: $id) { selectedContent { id } } }', { id: customerId })).data.personalize.selectedContent.id as string;

describe('a rule that asks for behaviour', () => {
  it('is read with the operators as they were given, by both executors', async () => {
    const expected = { did: { event: 'purchase', atLeast: 1, within: 'P30D', where: { property: { name: 'value', operator: 'greaterThan', value: 50 } } } };
    for (let i = 0; i < 3; i++) expect(await saveRule(bought)).toEqual(expected);
  });

  it('holds for who did it, is pushed to who is watching, and tells of what', async () => {
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await buy('ada', 50);
    expect(await updates.isSilent()).toBe(true);
    await buy('ada', 51);
    expect(await updates.next()).toEqual(['BEHAVIOUR', 'purchase', 'sandals']);
    expect(await shown('ada')).toBe('sandals');
    await updates.close();
  });

  it('knows of a stranger that there was nothing', async () => {
    await saveRule({ not: bought });
    expect([await shown('nobody'), await shown('ada')]).toEqual(['sandals', 'boots']);
    await saveRule(bought);
    expect(await shown('nobody')).toBe('boots');
  });

  it('caps, as a count, what is shown: an event that is sent again changes nothing, and who is merged has what both did', async () => {
    await saveRule({ did: { event: 'page_view', atLeast: 3, within: 'P1D' } });
    const see = async (customerId: string, ...ids: readonly string[]): Promise<void> => {
      const { errors } = await shop.query('mutation I($events: [EventInput!]!) { ingestEvents(input: $events) { accepted } }', { events: ids.map(id => ({ id: `cap-${id}`, customerId, type: 'page_view' })) });
      expect(errors).toBeUndefined();
    };
    const updates = await updatesOf(shop, 'laptop');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await see('phone', '1', '2');
    await see('phone', '1', '2');
    await see('laptop', '3');
    expect(await updates.isSilent()).toBe(true);
    expect([await shown('phone'), await shown('laptop')]).toEqual(['boots', 'boots']);
    expect((await shop.query('mutation { mergeCustomers(input: { from: "phone", into: "laptop" }) { aliases } }')).errors).toBeUndefined();
    expect(await updates.next()).toEqual(['BEHAVIOUR', 'page_view', 'sandals']);
    expect([await shown('phone'), await shown('laptop')]).toEqual(['sandals', 'sandals']);
    await updates.close();
    await saveRule(bought);
  });

  it('is replayed from what was counted then', async () => {
    const { data } = await shop.query('{ personalize(customerId: "ada") { id selectedContent { id } } }');
    await buy('ada', 70);
    const { data: replayed, errors } = await shop.query('query R($id: ID!) { replayDecision(id: $id) { identical } }', { id: data.personalize.id });
    expect(errors).toBeUndefined();
    expect(replayed.replayDecision.identical).toBe(true);
  });
});
