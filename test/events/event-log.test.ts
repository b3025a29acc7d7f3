import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Counting, CustomerEvent } from '../../src/events/event.js';
import { PostgresEventLog } from '../../src/events/events.postgres.js';
import { seededRandom } from '../../src/kernel/random.js';
import { dynamic, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
const random = seededRandom(7);
const now = Date.now();
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});

/** By which logins alone are counted. */
const logins: Counting = { version: 1, counts: type => type === 'login', restMs: undefined };

// As two processes have them.
const [one, other] = [newLog(), newLog()];

function newLog(counting = logins): PostgresEventLog {
  return new PostgresEventLog(pool, () => Promise.resolve(id => `hash of ${id}`), () => Promise.resolve(counting));
}

const event = (id: number, customer: number, type = 'login'): CustomerEvent => ({ id: `event ${id}`, customerId: `customer-${customer}`, type, at: now, properties: {} });
const view = (id: number, customer: number): CustomerEvent => event(id, customer, 'page_view');

async function count(table: 'events' | 'event_ids' | 'customers'): Promise<number> {
  return (await pool.query(`SELECT FROM ${table} WHERE tenant_id = $1`, [tenant])).rowCount ?? 0;
}

async function versions(): Promise<readonly number[]> {
  return (await pool.query<{ version: string }>('SELECT version FROM customers WHERE tenant_id = $1 ORDER BY id', [tenant])).rows.map(it => Number(it.version));
}

describe('PostgresEventLog', () => {
  it('takes each event for one of those who send it, while processes send the same customers\' events in any order', async () => {
    const [events, customers] = [600, 40];
    const batches = Array.from({ length: 60 }, () => Array.from({ length: 50 }, () => {
      const id = Math.floor(random() * events);
      return event(id, (id * 7) % customers);
    }));
    const taken = await Promise.all(batches.map((batch, i) => (i % 2 === 0 ? one : other).append(tenant, batch, now)));
    const fresh = taken.flatMap(it => [...it.fresh]);
    const sent = new Set(batches.flat().map(it => it.id));
    expect(new Set(fresh)).toEqual(sent);
    expect(fresh).toHaveLength(sent.size);
    expect([await count('events'), await count('event_ids'), await count('customers')]).toEqual([sent.size, sent.size, customers]);
  });

  it('marks the customers of new events, and only them', async () => {
    await one.append(tenant, [event(1, 1), event(2, 2)], now);
    const before = await versions();
    const { fresh, customerIds } = await one.append(tenant, [event(1, 1), event(3, 2)], now);
    expect([[...fresh], customerIds]).toEqual([['event 3'], ['customer-2']]);
    expect(await versions()).toEqual(before.map((it, i) => it + i));
  });

  it('keeps nothing of erased customers, and tells whose events they were', async () => {
    await one.append(tenant, [event(1, 1), event(2, 2)], now);
    await pool.query(`INSERT INTO erased_ids (tenant_id, hash, erasure_id) VALUES ($1, 'hash of customer-3', gen_random_uuid())`, [tenant]);
    const { fresh, erased, customerIds } = await one.append(tenant, [event(2, 2), event(4, 3), event(5, 1), event(6, 4)], now);
    expect([[...fresh].sort(), [...erased], [...customerIds].sort()]).toEqual([['event 5', 'event 6'], ['event 4'], ['customer-1', 'customer-4']]);
    expect([await count('events'), await count('event_ids'), await count('customers')]).toEqual([4, 4, 3]);
  });

  it('takes events that nothing is counted from, and leaves those who are known as they are', async () => {
    await one.append(tenant, [event(1, 1), event(2, 2)], now);
    const before = await versions();
    const first = await one.append(tenant, [view(3, 1), view(4, 2)], now);
    expect([first.fresh.size, first.customerIds]).toEqual([2, []]);
    const second = await one.append(tenant, [view(4, 2), view(5, 1), event(6, 2), view(7, 3)], now);
    expect([[...second.fresh].sort(), [...second.customerIds].sort()]).toEqual([['event 5', 'event 6', 'event 7'], ['customer-2', 'customer-3']]);
    const third = await one.append(tenant, [view(8, 4), view(9, 1)], now);
    expect([third.fresh.size, third.customerIds]).toEqual([2, ['customer-4']]);
    expect((await versions()).slice(0, 2)).toEqual(before.map((it, i) => it + i));
    expect([await count('events'), await count('event_ids'), await count('customers')]).toEqual([9, 9, 4]);
  });

  it('marks everybody while what is counted may be something else by now', async () => {
    await one.append(tenant, [event(1, 1), event(2, 2)], now);
    await shop.define(tenant, { segments: [dynamic('curious', { did: { event: 'page_view', atLeast: 1 } })] });
    const { rows: [newest] } = await pool.query<{ version: string }>('SELECT attune_rules_version($1) AS version', [tenant]);
    const version = Number(newest?.version);
    expect((await newLog({ ...logins, version: version - 1 }).append(tenant, [view(3, 1), view(4, 2)], now)).customerIds).toHaveLength(2);
    expect((await newLog({ ...logins, version }).append(tenant, [view(5, 1), view(6, 2)], now)).customerIds).toEqual([]);
    const unknown = new PostgresEventLog(pool, () => Promise.resolve(id => id), () => Promise.reject(new Error('The definitions are away')));
    expect((await unknown.append(tenant, [view(7, 1), view(8, 2)], now)).customerIds).toHaveLength(2);
  });

  it('marks whom nothing has changed for too long', async () => {
    const log = newLog({ ...logins, restMs: 1000 });
    await log.append(tenant, [event(1, 1), event(2, 2)], now);
    await log.append(tenant, [event(3, 2)], now + 500);
    expect((await log.append(tenant, [view(4, 1), view(5, 2)], now + 999)).customerIds).toEqual([]);
    expect((await log.append(tenant, [view(6, 1), view(7, 2)], now + 1000)).customerIds).toEqual(['customer-1']);
    expect((await log.append(tenant, [view(8, 1), view(9, 3), view(10, 2)], now + 1500)).customerIds).toEqual(expect.arrayContaining(['customer-2', 'customer-3']));
  });

  it('counts an event that was under way when something began to be counted from it', async () => {
    await shop.upsert(tenant, 'ada', {});
    const at = new Date(shop.clock.now());
    await pool.query(`SELECT attune_ensure_day('events', $1::date)`, [at]);
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query(`SELECT attune_append_events($1, '{e1}', ARRAY[$2::timestamptz], '{ada}', '{page_view}', '{}', $2, '{}', '{}', 1, NULL)`, [tenant, at]);
      await shop.define(tenant, { segments: [dynamic('curious', { did: { event: 'page_view', atLeast: 1 } })] });
      // Until the refresh by the new definition waits for the customer.
      await eventually(async () => (await pool.query(`SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE%' AND datname = current_database()`)).rowCount === 1);
      await client.query('COMMIT');
    } finally {
      client.release();
    }
    await eventually(async () => (await shop.truth(tenant, 'ada'))?.segments.includes('curious') === true);
  });
});

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300 && !(await holds()); i++) await new Promise(resolve => setTimeout(resolve, 20));
  expect(await holds()).toBe(true);
}
