import { beforeEach, describe, expect, it } from '@jest/globals';
import type { CustomerEvent } from '../../src/events/event.js';
import { PostgresEventLog } from '../../src/events/events.postgres.js';
import { seededRandom } from '../../src/kernel/random.js';
import { Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
const random = seededRandom(7);
const now = Date.now();
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});

// As two processes have them.
const [one, other] = [newLog(), newLog()];

function newLog(): PostgresEventLog {
  return new PostgresEventLog(pool, () => Promise.resolve(id => `hash of ${id}`));
}

const event = (id: number, customer: number): CustomerEvent => ({ id: `event ${id}`, customerId: `customer-${customer}`, type: 'login', at: now, properties: {} });

async function count(table: 'events' | 'event_ids' | 'customers'): Promise<number> {
  return (await pool.query(`SELECT FROM ${table} WHERE tenant_id = $1`, [tenant])).rowCount ?? 0;
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
    const versions = async (): Promise<unknown> => (await pool.query<{ version: string }>('SELECT version FROM customers WHERE tenant_id = $1 ORDER BY id', [tenant])).rows.map(it => Number(it.version));
    const before = await versions();
    const { fresh, customerIds } = await one.append(tenant, [event(1, 1), event(3, 2)], now);
    expect([[...fresh], customerIds]).toEqual([['event 3'], ['customer-2']]);
    expect(await versions()).toEqual((before as number[]).map((it, i) => it + i));
  });

  it('keeps nothing of erased customers, and tells whose events they were', async () => {
    await one.append(tenant, [event(1, 1), event(2, 2)], now);
    await pool.query(`INSERT INTO erased_ids (tenant_id, hash, erasure_id) VALUES ($1, 'hash of customer-3', gen_random_uuid())`, [tenant]);
    const { fresh, erased, customerIds } = await one.append(tenant, [event(2, 2), event(4, 3), event(5, 1), event(6, 4)], now);
    expect([[...fresh].sort(), [...erased], [...customerIds].sort()]).toEqual([['event 5', 'event 6'], ['event 4'], ['customer-1', 'customer-4']]);
    expect([await count('events'), await count('event_ids'), await count('customers')]).toEqual([4, 4, 3]);
  });
});
