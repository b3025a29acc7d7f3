import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Condition } from '../../src/conditions/condition.js';
import { seededRandom } from '../../src/kernel/random.js';
import { PostgresProjectionStore } from '../../src/segments/projection.postgres.js';
import { segments } from '../../src/segments/segment.schema.js';
import { put, remove } from '../../src/tenants/definition-kind.js';
import { above, byHand, dynamic, number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
const random = seededRandom(23);
const customers = 120;
const ids = Array.from({ length: customers }, (_, i) => `customer-${i}`);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features: [number('score'), number('other', { defaultValue: 0.4 })], segments: [dynamic('keen', above('score', 0.5)), byHand('staff')] });
  await shop.setFeatures(tenant, ids.map(customerId => ({
    customerId,
    values: [...(random() < 0.7 ? [{ name: 'score', value: random() }] : []), ...(random() < 0.6 ? [{ name: 'other', value: random() }] : [])],
  })).filter(it => it.values.length > 0));
  for (const id of ids.filter(() => random() < 0.5)) await shop.upsert(tenant, id, random() < 0.5 ? { country: 'DE' } : { country: 'FR', seen: new Date(shop.clock.now() - random() * 7_200_000).toISOString() });
  await shop.ingest(tenant, ids.slice(0, 30).map(customerId => ({ id: randomUUID(), customerId, type: 'login' })));
  const { refusals } = await shop.ask(tenant, 'mutation($input: AddToSegmentInput!) { addToSegment(input: $input) { changed } }', { input: { segmentId: 'staff', customerIds: ids.slice(10, 20) } }, 'admin');
  expect(refusals).toEqual([]);
});
afterAll(() => shop.projection.stop());

async function applied(): Promise<void> {
  const isBehind = async (): Promise<boolean> =>
    (await pool.query('SELECT FROM customers WHERE tenant_id = $1 AND (projected_version < version OR rules_version < attune_rules_version($1)) LIMIT 1', [tenant])).rowCount === 1;
  for (let i = 0; await isBehind(); i++) {
    if (i === 500) throw new Error('The segments are not applied');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

const members = async (): Promise<unknown> => (await pool.query('SELECT segment_id, customer_id FROM segment_members WHERE tenant_id = $1 ORDER BY 1, 2', [tenant])).rows;
/** When time may change a membership. */
const dues = async (): Promise<ReadonlyMap<string, number>> =>
  new Map((await pool.query<{ id: string; at: Date }>('SELECT id, segments_due_at AS at FROM customers WHERE tenant_id = $1 AND segments_due_at > $2', [tenant, new Date(shop.clock.now())])).rows.map(({ id, at }) => [id, at.getTime()]));

/** What comes out where each customer is looked at by itself. */
async function oneByOne(): Promise<void> {
  await pool.query('UPDATE customers SET rules_version = 0 WHERE tenant_id = $1', [tenant]);
  await shop.projection.sweep();
  await applied();
}

/** A look at somebody too early does no harm, one too late does. */
async function expectSameOneByOne(): Promise<void> {
  const [together, looks] = [await members(), await dues()];
  await oneByOne();
  expect(together).toEqual(await members());
  for (const [id, at] of await dues()) expect(looks.get(id)).toBeLessThanOrEqual(at);
}

const country: Condition = { attribute: { name: 'country', operator: 'equals', value: 'DE' } };
const conditions: readonly Condition[] = [
  { attribute: { name: 'seen', operator: 'withinLast', value: 'PT1H' } }, { not: { attribute: { name: 'seen', operator: 'withinLast', value: 'PT90M' } } },
  above('score', 0.3), above('score', 0.8), above('other', 0.45), { not: above('other', 0.3) }, country, { not: country },
  { attribute: { name: 'country', operator: 'exists' } }, { feature: { name: 'score', operator: 'exists', value: false } },
  { and: [country, above('score', 0.4)] }, { or: [above('score', 0.9), { not: { or: [country, above('other', 0.7)] } }] },
  { inSegment: 'keen' }, { and: [{ inSegment: 'staff' }, above('other', 0.1)] },
  { did: { event: 'login', atLeast: 1 } }, { attribute: { name: 'seen', operator: 'withinLast', value: 'PT1H' } },
];

describe('a change of segments', () => {
  it('comes to the same for all customers together as one by one, whatever changes', async () => {
    for (let round = 0; round < 30; round++) {
      const id = `s${Math.floor(random() * 4)}`;
      const condition = conditions[Math.floor(random() * conditions.length)];
      const what = random();
      const others = random() < 0.3 ? [put(segments, 'keen', dynamic('keen', above('score', random())))] : [];
      await shop.definitions.change(tenant, 'test', [...others, what < 0.15 ? remove(segments, id) : put(segments, id, what < 0.3 ? byHand(id) : dynamic(id, condition))]);
      await applied();
      await expectSameOneByOne();
    }
  }, 120_000);

  it('does not look at those whom it does not move', async () => {
    await applied();
    const projected = jest.spyOn(PostgresProjectionStore.prototype, 'project');
    try {
      await shop.define(tenant, { segments: [dynamic('top', { and: [above('score', 0.9), country] })] });
      await applied();
      const { rows } = await pool.query<{ id: string }>('SELECT customer_id AS id FROM segment_members WHERE tenant_id = $1 AND segment_id = $2', [tenant, 'top']);
      expect(rows.length).toBeGreaterThan(0);
      expect(projected.mock.calls.flatMap(([, customerIds]) => customerIds).sort()).toEqual(rows.map(it => it.id).sort());
    } finally {
      projected.mockRestore();
    }
  });

  it('loses nothing that changes meanwhile', async () => {
    const over = new AbortController();
    const changing = (async () => {
      while (!over.signal.aborted) await shop.setFeatures(tenant, [{ customerId: ids[Math.floor(random() * customers)], values: [{ name: 'score', value: random() }] }]);
    })();
    for (let round = 0; round < 15; round++) await shop.define(tenant, { segments: [dynamic('top', above('score', random())), dynamic('low', { not: above('score', random()) })] });
    over.abort();
    await changing;
    await applied();
    await expectSameOneByOne();
  }, 60_000);
});
