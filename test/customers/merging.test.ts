import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { survivorOf } from '../../src/customers/identity.js';
import { testDatabase } from '../support/postgres.js';
import { byHand, number, Shop } from './shop.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
const features = [number('score'), number('visits', { aggregate: { function: 'count', event: 'page_view', windowMs: 30 * 86_400_000 } })];
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const merge = (from: string, into: string, of = tenant) =>
  shop.ask(of, 'mutation($input: MergeCustomersInput!) { mergeCustomers(input: $input) { customer { id attributes } aliases } }', { input: { from, into } });
const identify = (customerId: string, value: string, of = tenant, kind = 'email') =>
  shop.ask(of, 'mutation($input: IdentifyInput!) { identify(input: $input) { customer { id } aliases } }', { input: { customerId, identities: [{ kind, value }] } });
const at = (ms: number): string => new Date(shop.clock.now() - 100_000 + ms).toISOString();
const say = (customerId: string, granted: boolean, ms: number, of = tenant) =>
  shop.ask(of, 'mutation($input: SetConsentInput!) { setConsent(input: $input) { customerId } }', { input: { customerId, source: 'test', purposes: [{ purpose: 'ads', granted, at: at(ms) }] } });
const view = (customerId: string): object => ({ id: `e-${customerId}`, customerId, type: 'page_view' });
const aliasRows = async (): Promise<unknown> => (await pool.query('SELECT alias, customer_id AS of FROM customer_aliases WHERE tenant_id = $1 ORDER BY 1', [tenant])).rows;

describe('survivorOf', () => {
  it('is who was merged into no other, and the least of a circle', () => {
    expect(survivorOf(['a', 'b'], [{ from: 'a', into: 'b' }])).toBe('b');
    expect(survivorOf(['a', 'b', 'c'], [{ from: 'a', into: 'b' }, { from: 'c', into: 'a' }])).toBe('b');
    expect(survivorOf(['a', 'b'], [{ from: 'a', into: 'b' }, { from: 'b', into: 'a' }])).toBe('a');
    expect(survivorOf(['b', 'a'], [{ from: 'a', into: 'a' }])).toBe('a');
  });
});

describe('merging', () => {
  it('makes one customer of two: facts, values, events, lists and consents, and each id goes on meaning them', async () => {
    await shop.define(tenant, { features, segments: [byHand('vip')] });
    await shop.upsert(tenant, 'anon', { city: 'Ulm' });
    await shop.upsert(tenant, 'ada', { name: 'Ada' });
    await shop.setFeatures(tenant, [{ customerId: 'anon', values: [{ name: 'score', value: 0.4 }] }]);
    await shop.ingest(tenant, [view('anon'), view('ada')]);
    await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["anon"] }) { changed } }');
    await say('anon', true, 0);
    expect((await merge('anon', 'ada')).data.mergeCustomers).toEqual({ customer: { id: 'ada', attributes: { city: 'Ulm', name: 'Ada' } }, aliases: ['anon'] });
    const record = await shop.truth(tenant, 'ada');
    expect(record).toMatchObject({ attributes: { city: 'Ulm', name: 'Ada' }, segments: ['vip'], consents: { ads: { granted: true } } });
    expect(await shop.values(tenant, 'ada')).toMatchObject({ score: 0.4, visits: 2 });
    expect(await shop.truth(tenant, 'anon')).toEqual({ ...record, customerId: 'anon', unit: 'ada' });
    expect(await shop.online(tenant, 'anon')).toEqual({ ...record, customerId: 'anon', unit: 'ada' });
    expect((await shop.ask(tenant, '{ customer(id: "anon") { id consents { purpose granted } } }')).data.customer).toEqual({ id: 'ada', consents: [{ purpose: 'ads', granted: true }] });
  });

  it('takes what comes by an old id for the customer, and tells who follows by one', async () => {
    await shop.define(tenant, { features });
    await merge('anon', 'ada');
    const heard = await shop.listen(tenant, 'anon');
    await shop.upsert(tenant, 'anon', { city: 'Ulm' });
    await shop.setFeatures(tenant, [{ customerId: 'anon', values: [{ name: 'score', value: 0.4 }] }]);
    await say('anon', true, 0);
    await shop.ingest(tenant, [view('anon')]);
    await shop.projection.changed(tenant, ['ada']);
    expect(await shop.online(tenant, 'ada')).toMatchObject({ attributes: { city: 'Ulm' }, consents: { ads: { granted: true } } });
    expect(await shop.values(tenant, 'ada')).toMatchObject({ score: 0.4, visits: 1 });
    expect(heard.flatMap(it => it.changes.map(({ name }) => name))).toEqual(expect.arrayContaining(['city', 'score', 'ads', 'visits']));
    expect((await pool.query('SELECT id FROM customers WHERE tenant_id = $1', [tenant])).rows).toEqual([{ id: 'ada' }]);
  });

  it('changes nothing the second time, and nothing where there is one already', async () => {
    await merge('anon', 'ada');
    const before = [await shop.truth(tenant, 'ada'), await aliasRows()];
    await merge('anon', 'ada');
    await merge('ada', 'ada');
    expect([await shop.truth(tenant, 'ada'), await aliasRows()]).toEqual(before);
    const { rows } = await pool.query('SELECT action, subject, details FROM audit_log WHERE tenant_id = $1', [tenant]);
    expect(rows).toEqual([{ action: 'merge', subject: 'customer/ada', details: { ids: ['anon'] } }]);
  });

  it('keeps in each experiment the arm of who was decided for first', async () => {
    const decided = async (customerId: string, minutesAgo: number): Promise<void> => {
      const time = new Date(shop.clock.now() - minutesAgo * 60_000);
      await pool.query(`SELECT attune_ensure_day('decisions', $1::date)`, [time.toISOString().slice(0, 10)]);
      await pool.query(
        `INSERT INTO decisions (tenant_id, id, decided_at, customer_id, placement_id, propensity, level, snapshot_version, record)
         VALUES ($1, gen_random_uuid(), $2, $3, 'hero', 1, 'FULL', 1, '{}')`, [tenant, time, customerId]);
    };
    const unitOf = async (id: string): Promise<unknown> => (await shop.truth(tenant, id))?.unit;
    await merge('anon', 'ada');
    expect(await unitOf('ada')).toBeUndefined();
    await decided('phone', 10);
    await merge('phone', 'ada');
    expect([await unitOf('ada'), await unitOf('phone')]).toEqual(['phone', 'phone']);
    await decided('tablet', 5);
    await merge('tablet', 'ada');
    expect(await unitOf('ada')).toBe('phone');
    await decided('eve', 60);
    await merge('ada', 'eve');
    expect([await unitOf('eve'), await unitOf('phone')]).toEqual([undefined, 'eve']);
  });

  it('merges by identities, which are found again and shown to nobody', async () => {
    await shop.upsert(tenant, 'anon', { city: 'Ulm' });
    expect((await identify('anon', 'ada@planted.example')).data.identify).toEqual({ customer: { id: 'anon' }, aliases: [] });
    expect((await identify('shop-7', 'ada@planted.example')).data.identify).toEqual({ customer: { id: 'anon' }, aliases: ['shop-7'] });
    const query = '{ customerByIdentity(kind: "email", value: "ada@planted.example") { id identities { kind } } }';
    expect((await shop.ask(tenant, query)).data.customerByIdentity).toEqual({ id: 'anon', identities: [{ kind: 'email' }] });
    expect((await shop.ask(tenant, '{ customerByIdentity(kind: "login", value: "ada@planted.example") { id } }')).data.customerByIdentity).toBeNull();
    await merge('anon', 'zoe');
    expect((await shop.ask(tenant, query)).data.customerByIdentity.id).toBe('zoe');
    const { rows } = await pool.query('SELECT to_jsonb(i) AS it FROM customer_identities i UNION ALL SELECT to_jsonb(a) FROM audit_log a');
    expect(JSON.stringify(rows)).not.toContain('planted');
  });

  it('carries personal attributes over, under the key of who stays', async () => {
    await shop.ask(tenant, 'mutation { upsertAttribute(input: { name: "email", valueType: string, personal: true }) { configurationVersion } }', {}, 'admin');
    await shop.upsert(tenant, 'anon', { email: 'ada@x.example' });
    await merge('anon', 'ada');
    const reveal = 'mutation { revealAttributes(input: { customerId: "anon" }) { customerId attributes } }';
    expect((await shop.ask(tenant, reveal, {}, 'admin')).data.revealAttributes).toEqual({ customerId: 'ada', attributes: { email: 'ada@x.example' } });
    expect((await pool.query('SELECT customer_id FROM customer_keys WHERE tenant_id = $1', [tenant])).rows).toEqual([{ customer_id: 'ada' }]);
  });

  it('loses nothing where merges, events and facts come at once', async () => {
    await shop.define(tenant, { features });
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const pairs = ids.flatMap((from, i) => ids.filter((_, k) => k !== i).map(into => [from, into] as const));
    await Promise.all([
      ...pairs.map(([from, into]) => merge(from, into)),
      ...ids.map(it => shop.ingest(tenant, Array.from({ length: 20 }, (_, i) => ({ ...view(it), id: `${it}${i}` })))),
      ...ids.map(it => shop.upsert(tenant, it, { [`of-${it}`]: 1 })),
      ...ids.map(it => identify(it, 'same@x.example')),
    ]);
    await shop.projection.changed(tenant, ['a']);
    expect((await pool.query('SELECT id FROM customers WHERE tenant_id = $1', [tenant])).rows).toEqual([{ id: 'a' }]);
    expect(await shop.values(tenant, 'f')).toEqual({ visits: 120 });
    expect(Object.keys((await shop.truth(tenant, 'c'))?.attributes ?? {})).toHaveLength(6);
  }, 60_000);

  it('refuses what is no id', async () => {
    expect((await merge('a\nb', 'c')).refusals).toEqual([['INVALID_INPUT', '/from']]);
    expect((await identify('a', '')).refusals).toEqual([['INVALID_INPUT', '/identities/0/value']]);
  });
});

const id = fc.constantFrom('a', 'b', 'c', 'd');
const time = fc.integer({ min: 0, max: 5 });
type Step = (of: string) => Promise<unknown>;
/** Events have ids of their own, so that each is one event in every order. */
const step = fc.oneof(
  fc.tuple(id, id).map(([from, into]): Step => of => merge(from, into, of)),
  fc.tuple(id, fc.constantFrom('x', 'y')).map(([customer, value]): Step => of => identify(customer, value, of)),
  fc.tuple(id, fc.constantFrom('p', 'q'), fc.option(fc.integer({ min: 0, max: 2 }), { nil: null }), time)
    .map(([customer, name, value, ms]): Step => of => shop.ask(of, 'mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id: customer, at: at(ms), attributes: { [name]: value } } })),
  fc.tuple(id, fc.integer({ min: 0, max: 2 }), time).map(([customerId, value, ms]): Step => of => shop.trySetFeatures(of, [{ customerId, values: [{ name: 'score', value, at: at(ms) }] }])),
  fc.tuple(id, fc.boolean(), time).map(([customer, granted, ms]): Step => of => say(customer, granted, ms, of)),
  fc.tuple(id, fc.nat(1000)).map(([customerId, event]): Step => of => shop.ingest(of, [{ ...view(customerId), id: `${customerId}${event}`, at: at(event) }])),
  id.map((customerId): Step => of => shop.ask(of, 'mutation($ids: [ID!]!) { addToSegment(input: { segmentId: "vip", customerIds: $ids }) { changed } }', { ids: [customerId] })),
);

/** All that can be seen of the customers, by each of their ids. */
async function seen(of: string): Promise<unknown> {
  await shop.projection.changed(of, ['a', 'b', 'c', 'd']);
  const views = [];
  for (const it of ['a', 'b', 'c', 'd']) {
    const { data } = await shop.ask(of, `{ customer(id: "${it}") { id attributes identities { kind } consents { purpose granted } features { name value } } }`);
    const record = await shop.online(of, it);
    views.push([data, record?.segments, record?.attributes, record?.consents, record?.unit, await shop.values(of, it)]);
  }
  return views;
}

describe('customers', () => {
  it('are the same in any order of facts, events, identities and merges', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 14 }), fc.infiniteStream(fc.nat()), async (steps, chance) => {
        const shuffled = steps.map(it => [chance.next().value, it] as const).sort(([x], [y]) => x - y).map(([, it]) => it);
        const results = [];
        for (const order of [steps, shuffled]) {
          const of = await shop.newTenant();
          await shop.define(of, { features, segments: [byHand('vip')] });
          for (const it of ['a', 'b', 'c', 'd']) await shop.upsert(of, it, {});
          for (const run of order) await run(of);
          results.push(await seen(of));
        }
        expect(results[1]).toEqual(results[0]);
      }),
      { numRuns: 25, seed: 11 },
    );
  }, 300_000);
});

