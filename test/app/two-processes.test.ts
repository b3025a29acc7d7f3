import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithRedis } from '../support/redis.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

const { pool } = await testDatabase();

describeWithRedis('two processes on one Redis and one PostgreSQL', redisUrl => {
  let here: ShopServer;
  let there: ShopServer;
  beforeAll(async () => {
    here = await startShop({ pool, redisUrl });
    const lovesScarfs = { feature: { name: 'monetary_score', operator: 'greaterThan', value: 0.5 } } as const;
    const notScarf = { not: { item: { name: 'id', operator: 'equals', value: 'scarf' } } } as const;
    await furnish(here, {
      placements: [{ ...hero, policy: { kind: 'greedy' } }],
      ruleSets: [{ id: 'main', name: 'Main', rules: [rule('scarf-lovers', { when: lovesScarfs, items: notScarf })] }],
    });
    there = await startShop({ pool, redisUrl, of: here });
  });
  afterAll(async () => {
    await Promise.all([here.stop(), there.stop()]);
  });

  it("push each other's changes of a customer and of the rules", async () => {
    const updates = await updatesOf(there, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await here.query('mutation { setFeatures(input: { customers: [{ customerId: "ada", values: [{ name: "monetary_score", value: 0.9 }] }] }) { changedCustomers } }');
    expect(await updates.next()).toEqual(['FEATURE', 'monetary_score', 'scarf']);
    await here.query(`mutation { saveRuleSet(input: { id: "main", name: "Main", rules: [] }) { configurationVersion } publishRuleSet(input: { id: "main" }) { configurationVersion } }`);
    expect(await updates.next()).toEqual(['RULE', 'main', 'boots']);
    await updates.close();
  });

  it('decide by the same record, whichever was told', async () => {
    await there.query('mutation { upsertCustomer(input: { id: "bob", attributes: { country: "DE" } }) { customer { id } } }');
    const { data } = await here.query('{ personalize(customerId: "bob") { isStranger } }');
    expect(data.personalize.isStranger).toBe(false);
  });
});
