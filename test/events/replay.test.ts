import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { describeReplay, replay } from '../../src/cli/replay.js';
import { number, Shop, type Reply } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());
const hourMs = 3_600_000;
let tenant: string;
const customers = Array.from({ length: 620 }, (_, i) => `c${String(i).padStart(3, '0')}`);
const ago = (ms: number): string => new Date(shop.clock.now() - ms).toISOString();

beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features: [number('logins', { aggregate: { function: 'count', event: 'login', windowMs: 24 * hourMs } })] });
  await shop.ingest(tenant, customers.map(customerId => ({ id: customerId, customerId, type: 'login', at: ago(2 * hourMs) })));
  await shop.ingest(tenant, [{ id: 'late', customerId: 'c001', type: 'login', at: ago(hourMs) }, { id: 'view', customerId: 'c002', type: 'page_view', at: ago(hourMs) }]);
});

const page = (input: object): Promise<Reply> => shop.ask(tenant, 'mutation($input: ReplayEventsInput!) { it: replayEvents(input: $input) { events customers totalCustomers after } }', { input }, 'admin');

describe('a replay', () => {
  it('makes anew what is made from the events, of all customers that it meets, and counts nothing twice', async () => {
    await pool.query(`UPDATE customer_features SET value = '77' WHERE tenant_id = $1`, [tenant]);
    const client = { request: async (_: string, variables: object) => (await shop.ask(tenant, _, variables as Record<string, unknown>, 'admin')).data as unknown };
    const options = { from: ago(3 * hourMs), to: ago(0) };
    const report = await replay(client, options, { out: () => undefined, err: () => undefined });
    expect(report).toEqual({ events: 622, customers: 620 });
    expect(describeReplay(report)).toBe('622 events of 620 customers streamed again.');
    await shop.settled(tenant);
    const { rows } = await pool.query(`SELECT value, count(*)::int AS customers FROM customer_features WHERE tenant_id = $1 GROUP BY 1 ORDER BY 1`, [tenant]);
    expect(rows).toEqual([{ value: 1, customers: 619 }, { value: 2, customers: 1 }]);
    const before = await shop.truth(tenant, 'c001');
    const heard = await shop.listen(tenant, 'c001');
    await replay(client, options, { out: () => undefined, err: () => undefined });
    await shop.settled(tenant);
    expect((await shop.truth(tenant, 'c001'))?.features).toEqual(before?.features);
    expect(heard).toEqual([]);
  });

  it('takes the events of a time, a type, a customer', async () => {
    const of = async (more: object): Promise<unknown> => (await page({ from: ago(90 * 60_000), to: ago(0), ...more })).data.it;
    expect(await of({})).toEqual({ events: 2, customers: 2, totalCustomers: 2, after: null });
    expect(await of({ type: 'page_view' })).toMatchObject({ events: 1, customers: 1 });
    expect(await of({ customerId: 'c001' })).toMatchObject({ events: 1, customers: 1 });
    expect(await of({ customerId: 'nobody' })).toMatchObject({ events: 0, customers: 0, totalCustomers: 0 });
    expect(await of({ to: ago(hourMs) })).toMatchObject({ events: 0 });
  });

  it('refuses times that make no sense, and whoever is no admin', async () => {
    expect((await page({ from: ago(0), to: ago(hourMs) })).refusals).toEqual([['INVALID_INPUT', '/to']]);
    const asked = await shop.ask(tenant, `mutation { replayEvents(input: { from: "${ago(1)}", to: "${ago(0)}" }) { events } }`);
    expect(asked.refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
