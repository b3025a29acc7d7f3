import { randomUUID } from 'node:crypto';
import { afterAll, expect, it } from '@jest/globals';
import { dropOldEvents } from '../../src/events/retention.postgres.js';
import { number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());
const dayMs = 86_400_000;
const keptDays = 30;
const clean = (): Promise<void> => dropOldEvents({ pool, keptDays, now: () => shop.clock.now() });

it('drops days past their time whole, with their ids, says so to each tenant, and counts anew what had no end', async () => {
  const [mine, theirs] = [await shop.newTenant(), await shop.newTenant()];
  const forever = { ...number('ever'), aggregate: { function: 'count', event: 'login', windowMs: 90 * dayMs } } as const;
  for (const tenant of [mine, theirs]) await shop.define(tenant, { features: [forever] });
  const event = (daysAgo: number): object => ({ id: randomUUID(), customerId: 'ada', type: 'login', at: new Date(shop.clock.now() - daysAgo * dayMs).toISOString() });
  await shop.ingest(mine, [40, 40, 35, 29, 1].map(event));
  await shop.ingest(theirs, [40, 2].map(event));
  expect(await shop.values(mine, 'ada')).toEqual({ ever: 5 });
  await clean();
  await clean();
  const ages = async (table: string, tenant: string): Promise<readonly number[]> =>
    (await pool.query<{ at: Date }>(`SELECT at FROM ${table} WHERE tenant_id = $1 ORDER BY at`, [tenant])).rows.map(it => Math.round((shop.clock.now() - it.at.getTime()) / dayMs));
  for (const table of ['events', 'event_ids']) expect(await ages(table, mine)).toEqual([29, 1]);
  expect(await ages('event_ids', theirs)).toEqual([2]);
  const audited = async (tenant: string): Promise<unknown> =>
    (await pool.query(`SELECT actor, action, subject, details FROM audit_log WHERE tenant_id = $1 AND actor = 'retention' ORDER BY id`, [tenant])).rows;
  const day = (daysAgo: number): string => new Date(shop.clock.now() - daysAgo * dayMs).toISOString().slice(0, 10);
  expect(await audited(mine)).toEqual([
    { actor: 'retention', action: 'remove', subject: `events/${day(40)}`, details: { events: 2 } },
    { actor: 'retention', action: 'remove', subject: `events/${day(35)}`, details: { events: 1 } },
  ]);
  expect(await audited(theirs)).toHaveLength(1);
  shop.clock.advance(5000);
  await pool.query(`UPDATE customers SET updated_at = $1 WHERE tenant_id = ANY($2)`, [new Date(shop.clock.now() - 5000), [mine, theirs]]); // the clock of the test is not the database's
  await shop.projection.sweep();
  expect(await shop.values(mine, 'ada')).toEqual({ ever: 2 });
});

it('lets rejected events go after two weeks', async () => {
  const tenant = await shop.newTenant();
  await shop.ingest(tenant, [{ id: 'a', customerId: 'ada', type: 'unheard' }]);
  const left = async (): Promise<number> => (await pool.query('SELECT FROM rejected_events WHERE tenant_id = $1', [tenant])).rowCount ?? 0;
  shop.clock.advance(13 * dayMs);
  await clean();
  expect(await left()).toBe(1);
  shop.clock.advance(2 * dayMs);
  await clean();
  expect(await left()).toBe(0);
});
