import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FeatureDefinition } from '../../../src/features/feature.js';
import { aggregateSql } from '../../../src/features/aggregate-sql.js';
import { postgresSource } from '../../../src/features/event-source.postgres.js';
import { seededRandom } from '../../../src/kernel/random.js';
import { number, Shop } from '../../customers/shop.js';
import { testDatabase } from '../../support/postgres.js';
import { expectedValue, type LoggedEvent } from '../oracle.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());
const dayMs = 86_400_000;
const windowMs = 30 * dayMs;

const purchases = { event: 'purchase', windowMs } as const;
const aggregates: readonly FeatureDefinition[] = [
  number('bought', { aggregate: { function: 'count', ...purchases } }),
  number('spent', { aggregate: { function: 'sum', ...purchases, property: 'value' } }),
  number('mean', { aggregate: { function: 'mean', ...purchases, property: 'value' } }),
  number('least', { aggregate: { function: 'min', ...purchases, property: 'value' } }),
  number('most', { aggregate: { function: 'max', ...purchases, property: 'value' } }),
  number('large', { aggregate: { function: 'count', ...purchases, where: { property: { name: 'value', operator: 'greaterThan', value: 50 } } } }),
  { ...number('last'), valueType: 'string', aggregate: { function: 'last', windowMs, property: 'device' } },
  { ...number('first'), valueType: 'string', aggregate: { function: 'first', windowMs, property: 'device' } },
  number('devices', { aggregate: { function: 'distinct', windowMs: 7 * dayMs, property: 'device' } }),
  number('rate', { aggregate: { function: 'ratio', ...purchases, per: { event: 'page_view' } } }),
  number('idle', { aggregate: { function: 'recencyDays', windowMs } }),
  number('length', { aggregate: { function: 'sessionDuration', windowMs } }),
];
const definitions = [...aggregates, number('score', { expression: 'min(1, coalesce(spent, 0) / 100) + given' }), number('given', { defaultValue: 0 })];

let tenant: string;
const logs = new Map<string, LoggedEvent[]>();
beforeEach(async () => {
  tenant = await shop.newTenant();
  logs.clear();
  const random = seededRandom(4);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)] as T;
  for (let i = 0; i < 600; i++) {
    const customerId = `c${String(i % 60).padStart(2, '0')}`;
    const event: LoggedEvent = {
      id: `e${i}`, type: one(['purchase', 'page_view', 'login']), at: shop.clock.now() - Math.floor(random() * 40 * dayMs),
      properties: { value: Math.floor(random() * 10_000) / 100, device: one(['phone', 'laptop', 'tv']), sessionId: one(['a', 'b']) },
    };
    logs.set(customerId, [...(logs.get(customerId) ?? []), event]);
  }
  const all = [...logs].flatMap(([customerId, events]) => events.map(it => ({ ...it, customerId, at: new Date(it.at).toISOString() })));
  await shop.ingest(tenant, all);
});

const job = 'id state total done changed failure startedAt finishedAt';
async function recomputed(): Promise<Record<string, unknown>> {
  const { data, refusals } = await shop.ask(tenant, `mutation { recomputeFeatures { recompute { ${job} } } }`, {}, 'admin');
  expect(refusals).toEqual([]);
  for (;;) {
    const reply = await shop.ask(tenant, `query($id: ID!) { featureRecompute(id: $id) { ${job} } }`, { id: data.recomputeFeatures.recompute.id });
    if (reply.data.featureRecompute.state !== 'RUNNING') return reply.data.featureRecompute as Record<string, unknown>;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

const stored = async (): Promise<Record<string, Record<string, unknown>>> => {
  const { rows } = await pool.query<{ id: string; values: Record<string, unknown> }>(
    `SELECT customer_id AS id, jsonb_object_agg(name, value) AS values FROM customer_features WHERE tenant_id = $1 GROUP BY 1`, [tenant],
  );
  return Object.fromEntries(rows.map(it => [it.id, it.values]));
};
const expected = (events: readonly LoggedEvent[]): Record<string, unknown> => {
  const values = Object.fromEntries(aggregates.map(it => [it.name, expectedValue(it, events, shop.clock.now())]).filter(([, value]) => value !== undefined)) as Record<string, unknown>;
  return { ...values, score: Math.min(1, Number(values['spent']) / 100) };
};

describe('recomputing all customers', () => {
  it('gives what a recount of each gives, from values that are missing or wrong, and lets readers follow', async () => {
    await shop.define(tenant, { features: definitions });
    await shop.projection.sweep();
    await pool.query('DELETE FROM customer_features WHERE tenant_id = $1', [tenant]);
    await pool.query(`INSERT INTO customer_features (tenant_id, customer_id, name, value, at) VALUES ($1, 'c00', 'bought', '99', now()), ($1, 'c01', 'rate', '9', now())`, [tenant]);
    const heard = await shop.listen(tenant, 'c00');
    expect(await recomputed()).toMatchObject({ state: 'DONE', total: 60, done: 60, changed: 60, failure: null });
    expect(await stored()).toEqual(Object.fromEntries([...logs].map(([id, events]) => [id, expected(events)])));
    expect((await shop.online(tenant, 'c00'))?.features['bought']?.value).toBe(expected(logs.get('c00') ?? [])['bought']);
    expect(heard.flatMap(it => it.changes)).toContainEqual({ kind: 'FEATURE', name: 'bought' });
  });

  it('changes nothing where all is right', async () => {
    await shop.define(tenant, { features: definitions });
    await recomputed();
    const before = await pool.query('SELECT id, version FROM customers WHERE tenant_id = $1 ORDER BY id', [tenant]);
    expect(await recomputed()).toMatchObject({ state: 'DONE', done: 60, changed: 0 });
    expect((await pool.query('SELECT id, version FROM customers WHERE tenant_id = $1 ORDER BY id', [tenant])).rows).toEqual(before.rows);
  });

  it('leaves alone who changes after the log was read', async () => {
    await shop.define(tenant, { features: definitions });
    await shop.projection.sweep();
    await pool.query(`UPDATE customer_features SET value = '99' WHERE tenant_id = $1 AND name = 'bought'`, [tenant]);
    const other = await pool.connect();
    try {
      await other.query('BEGIN');
      await other.query(`UPDATE customers SET version = version + 1 WHERE tenant_id = $1 AND id = 'c00'`, [tenant]);
      const done = recomputed();
      const isWaiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%FOR UPDATE OF c%'`;
      while ((await pool.query(isWaiting)).rowCount === 0) await new Promise(resolve => setTimeout(resolve, 10));
      await other.query('COMMIT');
      expect(await done).toMatchObject({ state: 'DONE', done: 60, changed: 59 });
    } finally {
      other.release();
    }
    const values = await stored();
    expect(values['c00']?.['bought']).toBe(99);
    expect(values['c01']?.['bought']).toBe(expected(logs.get('c01') ?? [])['bought']);
  });

  it('is one at a time for a tenant, for admins, and found by its id alone', async () => {
    const start = 'mutation { recomputeFeatures { recompute { id } } }';
    expect((await shop.ask(tenant, start, {}, 'server')).refusals).toEqual([['FORBIDDEN', undefined]]);
    await pool.query(`INSERT INTO recomputes (tenant_id, id, started_at, progressed_at) VALUES ($1, 'other', $2, $2)`, [tenant, new Date(shop.clock.now())]);
    expect((await shop.ask(tenant, start, {}, 'admin')).refusals).toEqual([['CONFLICT', undefined]]);
    shop.clock.advance(200_000);
    const find = async (id: string, of = tenant): Promise<unknown> => (await shop.ask(of, 'query($id: ID!) { featureRecompute(id: $id) { state } }', { id })).data.featureRecompute;
    expect(await find('other')).toEqual({ state: 'FAILED' });
    expect(await find(randomUUID())).toBeNull();
    expect(await find('other', await shop.newTenant())).toBeNull();
    expect(await recomputed()).toMatchObject({ state: 'DONE' });
  });
});

describe('parity', () => {
  const ask = '{ featureParity(names: ["bought", "spent", "score"]) { customers unsettled features { name compared differing greatestDifference } } }';

  it('finds what readers see and the log does not give, and by how much', async () => {
    await shop.define(tenant, { features: definitions });
    await shop.projection.sweep();
    await recomputed();
    await shop.projection.sweep();
    const right = (await shop.ask(tenant, ask)).data.featureParity;
    expect(right).toEqual({
      customers: 60, unsettled: 0, features: ['bought', 'score', 'spent'].map(name => ({ name, compared: 60, differing: 0, greatestDifference: null })),
    });
    const [one, two] = [await shop.online(tenant, 'c00'), await shop.online(tenant, 'c01')];
    if (one === undefined || two === undefined) throw new Error('There are no records');
    await shop.parts.store.forget(tenant, ['c00', 'c01']);
    const rest = Object.fromEntries(Object.entries(two.features).filter(([name]) => name !== 'bought'));
    await shop.parts.store.write(tenant, [{ ...one, features: { ...one.features, spent: { value: Number(one.features['spent']?.value) + 2.5, at: 0 } } }, { ...two, features: rest }]);
    const [bought, score, spent] = (await shop.ask(tenant, ask)).data.featureParity.features;
    expect(bought).toMatchObject({ differing: 1, greatestDifference: null });
    expect(score).toMatchObject({ differing: 0 });
    expect(spent.differing).toBe(1);
    expect(spent.greatestDifference).toBeCloseTo(2.5, 9);
  });

  it('does not take who is just changing for one who differs', async () => {
    await shop.define(tenant, { features: definitions });
    await recomputed();
    await shop.projection.sweep();
    await pool.query(`UPDATE customers SET version = version + 1 WHERE tenant_id = $1 AND id = 'c07'`, [tenant]);
    expect((await shop.ask(tenant, ask)).data.featureParity).toMatchObject({ customers: 59, unsettled: 1 });
  });

  it('is of computed features, in bounds', async () => {
    await shop.define(tenant, { features: definitions });
    const refusals = async (args: string): Promise<unknown> => (await shop.ask(tenant, `{ featureParity(${args}) { customers } }`)).refusals;
    expect(await refusals('names: ["bought", "given"]')).toEqual([['INVALID_INPUT', '/names/1']]);
    expect(await refusals('sample: 0')).toEqual([['INVALID_INPUT', '/sample']]);
    expect(await refusals('sample: 5001')).toEqual([['INVALID_INPUT', '/sample']]);
  });
});

describe('the statement', () => {
  it('says what is counted in words that Spark SQL has, too: nothing of PostgreSQL alone, and no value of a caller', () => {
    const counting = aggregateSql(aggregates.map(({ name, valueType, aggregate }) => ({ name, valueType, aggregate: aggregate ?? { function: 'count', windowMs } })));
    const { source } = postgresSource(counting);
    expect(counting.body).not.toMatch(/::|\$\d|->|jsonb|"|'|DISTINCT ON|ARRAY|\[|interval/i);
    expect(source('$2')).not.toMatch(/purchase|device|sessionId/);
  });
});
