import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ErasureReceipt } from '../../src/customers/erasure.js';
import { customerTables } from '../../src/customers/customer-tables.js';
import { erasureTopic } from '../../src/platform/bus.js';
import { testDatabase } from '../support/postgres.js';
import { byHand, number, Shop } from './shop.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
const features = [number('score'), number('visits', { aggregate: { function: 'count', event: 'page_view', windowMs: 30 * 86_400_000 } })];
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, { features, segments: [byHand('vip')] });
  await shop.ask(tenant, 'mutation { upsertAttribute(input: { name: "email", valueType: string, personal: true }) { configurationVersion } }', {}, 'admin');
});
afterAll(() => shop.projection.stop());

const erase = async (customerId: string): Promise<ErasureReceipt> => {
  const { data } = await shop.ask(tenant, 'mutation($input: EraseCustomerInput!) { eraseCustomer(input: $input) { receipt { id erasedAt removed mac } } }', { input: { customerId } }, 'admin');
  return data.eraseCustomer.receipt as ErasureReceipt;
};
const verify = async (id: string, mac: string, customerId?: string): Promise<unknown> =>
  (await shop.ask(tenant, 'query($id: ID!, $mac: String!, $customerId: ID) { verifyErasure(id: $id, mac: $mac, customerId: $customerId) { isGenuine coversId remaining } }', { id, mac, customerId }, 'admin')).data.verifyErasure;
const view = (customerId: string, id = `e-${customerId}`): object => ({ id, customerId, type: 'page_view', properties: { pageUrl: 'https://planted.example' } });

/** A customer of whom everything is known that can be, some of it by another id. */
async function ada(): Promise<void> {
  await shop.upsert(tenant, 'planted-ada', { email: 'ada@planted.example', city: 'planted-Ulm' });
  await shop.setFeatures(tenant, [{ customerId: 'planted-ada', values: [{ name: 'score', value: 0.4 }] }]);
  await shop.ingest(tenant, [view('planted-ada'), view('planted-anon')]);
  await shop.ask(tenant, 'mutation { mergeCustomers(input: { from: "planted-anon", into: "planted-ada" }) { aliases } }');
  await shop.ask(tenant, 'mutation { identify(input: { customerId: "planted-ada", identities: [{ kind: "email", value: "ada@planted.example" }] }) { aliases } }');
  await shop.ask(tenant, 'mutation { setConsent(input: { customerId: "planted-ada", source: "planted form", purposes: [{ purpose: "ads", granted: true }] }) { customerId } }');
  await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["planted-ada"] }) { changed } }');
  await shop.projection.changed(tenant, ['planted-ada']);
}

/** All rows of all tables, as text. */
async function dump(): Promise<string> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1");
  const texts = [];
  for (const { name } of tables) texts.push(`${name} ${JSON.stringify((await pool.query(`SELECT to_jsonb(t) AS it FROM ${name} t`)).rows)}`);
  return texts.join('\n');
}

describe('erasure', () => {
  it('removes all that is held, by each id, and its receipt can be checked again', async () => {
    await ada();
    await shop.upsert(tenant, 'bob', { city: 'Bonn' });
    const bob = await shop.truth(tenant, 'bob');
    expect(await dump()).toContain('planted');
    const receipt = await erase('planted-anon');
    expect(receipt.removed).toMatchObject({ customers: 1, events: 2, event_ids: 2, customer_features: 2, segment_members: 1, customer_consents: 1, customer_identities: 1, customer_keys: 1, customer_aliases: 1, customer_merges: 1 });
    expect((await dump()).split('\n').filter(it => it.includes('planted'))).toEqual([]);
    expect(await verify(receipt.id, receipt.mac)).toEqual({ isGenuine: true, coversId: null, remaining: {} });
    for (const id of ['planted-ada', 'planted-anon']) expect(await verify(receipt.id, receipt.mac, id)).toEqual({ isGenuine: true, coversId: true, remaining: {} });
    expect(await verify(receipt.id, receipt.mac, 'bob')).toMatchObject({ isGenuine: true, coversId: false, remaining: { customers: 1 } });
    expect(await verify(receipt.id, `${receipt.mac.slice(0, -1)}!`)).toMatchObject({ isGenuine: false });
    expect(await verify('another', receipt.mac)).toMatchObject({ isGenuine: false });
    await pool.query("UPDATE erasures SET removed = removed || '{\"events\": 1}' WHERE tenant_id = $1", [tenant]);
    expect(await verify(receipt.id, receipt.mac)).toMatchObject({ isGenuine: false });
    expect(await shop.truth(tenant, 'bob')).toEqual(bob);
  });

  it('leaves a stranger on the online store, whatever is still on its way there, and tells who follows the customer', async () => {
    await ada();
    const before = await shop.online(tenant, 'planted-ada');
    const heard = await shop.listen(tenant, 'planted-anon');
    await erase('planted-ada');
    await shop.parts.store.write(tenant, [{ ...before, customerId: 'planted-ada', version: 1_000_000 } as NonNullable<typeof before>]);
    expect(await shop.online(tenant, 'planted-ada')).toMatchObject({ known: false, attributes: {}, features: {}, segments: [], consents: {} });
    expect(heard[0]?.changes).toEqual(expect.arrayContaining([{ kind: 'ATTRIBUTE', name: 'city' }, { kind: 'FEATURE', name: 'score' }, { kind: 'SEGMENT', name: 'vip' }, { kind: 'CONSENT', name: 'ads' }]));
  });

  it('is for good: nothing that comes later brings the customer back, by any id', async () => {
    await ada();
    await erase('planted-ada');
    const erased = async (reply: Promise<{ readonly refusals: unknown }>): Promise<void> => { expect((await reply).refusals).toEqual([['ERASED', undefined]]); };
    for (const id of ['planted-ada', 'planted-anon']) {
      const { data } = await shop.ingest(tenant, [view(id), { id: randomUUID(), customerId: 'bob', type: 'login' }, view(id, `late-${id}`)]);
      expect(data.it).toMatchObject({ accepted: 1, rejected: 2, results: [{ status: 'REJECTED', code: 'ERASED', pointer: '/customerId' }, { status: 'ACCEPTED' }, { code: 'ERASED' }] });
      await erased(shop.upsert(tenant, id, { city: 'Ulm' }));
      await erased(shop.trySetFeatures(tenant, [{ customerId: id, values: [{ name: 'score', value: 1 }] }]));
      await erased(shop.ask(tenant, `mutation { setConsent(input: { customerId: "${id}", source: "form", purposes: [{ purpose: "ads", granted: true }] }) { customerId } }`));
      await erased(shop.ask(tenant, `mutation { mergeCustomers(input: { from: "${id}", into: "bob" }) { aliases } }`));
      await erased(shop.ask(tenant, `mutation { identify(input: { customerId: "${id}", identities: [{ kind: "email", value: "x" }] }) { aliases } }`));
      await shop.ask(tenant, `mutation { addToSegment(input: { segmentId: "vip", customerIds: ["${id}"] }) { changed } }`);
    }
    expect((await pool.query('SELECT id FROM customers WHERE tenant_id = $1', [tenant])).rows).toEqual([{ id: 'bob' }]);
    expect((await dump()).split('\n').filter(it => it.includes('planted'))).toEqual([]);
    expect(await shop.truth(tenant, 'planted-ada')).toBeUndefined();
  });

  it('answers with the same receipt when it is asked for again, and keeps who was never seen from ever being so', async () => {
    await ada();
    const receipt = await erase('planted-ada');
    expect(await erase('planted-anon')).toEqual(receipt);
    const { id, mac, removed } = await erase('nobody');
    expect(removed).toMatchObject({ customers: 1, events: 0 });
    expect(await verify(id, mac, 'nobody')).toEqual({ isGenuine: true, coversId: true, remaining: {} });
    expect((await shop.upsert(tenant, 'nobody', {})).refusals).toEqual([['ERASED', undefined]]);
  });

  it('does nothing where the online store does not answer, and can be asked for again', async () => {
    await ada();
    shop.parts.storeFails = true;
    await expect(erase('planted-ada')).rejects.toThrow('away');
    expect(await shop.truth(tenant, 'planted-ada')).toMatchObject({ attributes: { city: 'planted-Ulm' } });
    shop.parts.storeFails = false;
    expect((await erase('planted-ada')).removed).toMatchObject({ customers: 1 });
  });

  it('leaves nothing where events and facts come at the same time', async () => {
    await ada();
    const before = await pool.query<{ id: string }>('SELECT id FROM customers WHERE tenant_id = $1', [tenant]);
    expect(before.rowCount).toBe(1);
    await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => shop.ingest(tenant, [view('planted-ada', `a${i}`), view('planted-anon', `b${i}`)])),
      ...Array.from({ length: 10 }, (_, i) => shop.upsert(tenant, 'planted-anon', { city: `planted-${i}` })),
      erase('planted-ada'),
    ]);
    await shop.projection.changed(tenant, ['planted-ada']);
    expect((await dump()).split('\n').filter(it => it.includes('planted'))).toEqual([]);
  });

  it('leaves nothing where somebody waits by a former id until it is done', async () => {
    await erase('nobody'); // so that the process knows of an erasure, and sends hashes at once
    await ada();
    const waiting = async (what: string): Promise<void> => {
      for (let i = 0; i < 500; i++) {
        const { rowCount } = await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%' || $1 || '%'", [what]);
        if (rowCount === 1) return;
        await new Promise(resolve => setTimeout(resolve, 10));
      }
      throw new Error('Nobody waits');
    };
    const first = await pool.connect();
    try {
      await first.query('BEGIN');
      await first.query("SELECT FROM customers WHERE tenant_id = $1 AND id = 'planted-ada' FOR UPDATE", [tenant]);
      const erasing = erase('planted-ada');
      await waiting('attune_hold_customers');
      const writing = shop.ingest(tenant, [view('planted-anon', 'late'), { id: 'bobs', customerId: 'bob', type: 'login' }]);
      await waiting('attune_append_events');
      await first.query('COMMIT');
      await erasing;
      expect((await writing).data.it).toMatchObject({ accepted: 1, results: [{ code: 'ERASED' }, { status: 'ACCEPTED' }] });
    } finally {
      first.release();
    }
    expect((await pool.query('SELECT id FROM customers WHERE tenant_id = $1', [tenant])).rows).toEqual([{ id: 'bob' }]);
    expect((await shop.upsert(tenant, 'planted-ada', { city: 'Ulm' })).refusals).toEqual([['ERASED', undefined]]);
  });

  it('answers with one receipt where it is asked for twice at once, by any id', async () => {
    await ada();
    const receipts = await Promise.all(['planted-ada', 'planted-anon', 'planted-ada'].map(erase));
    expect(new Set(receipts.map(it => it.mac)).size).toBe(1);
    expect((await pool.query('SELECT FROM erasures WHERE tenant_id = $1', [tenant])).rowCount).toBe(1);
  });

  it('has no receipt before the search index has dropped the customer, and has it then', async () => {
    const indexed = new Shop(pool, shop.clock, undefined, true);
    const ask = 'mutation { eraseCustomer(input: { customerId: "planted-anon" }) { receipt { id mac } } }';
    await ada();
    await pool.query('INSERT INTO search_indexes (tenant_id, built_at) VALUES ($1, now())', [tenant]);
    // Nobody writes to an index here.
    expect((await indexed.ask(tenant, ask, {}, 'admin')).refusals).toEqual([['UNAVAILABLE', undefined]]);
    expect((await pool.query('SELECT id FROM customers WHERE tenant_id = $1', [tenant])).rows).toEqual([]);
    const { id, mac } = await erase('planted-ada');
    expect(await verify(id, mac, 'planted-ada')).toEqual({ isGenuine: true, coversId: true, remaining: { unindexed_removals: 1 } });
    const asking = indexed.ask(tenant, ask, {}, 'admin');
    await pool.query('DELETE FROM unindexed_removals WHERE tenant_id = $1', [tenant]);
    expect((await asking).data.eraseCustomer).toEqual({ receipt: { id, mac } });
    expect(await verify(id, mac, 'planted-ada')).toEqual({ isGenuine: true, coversId: true, remaining: {} });
    await indexed.projection.stop();
  }, 30_000);

  it('drops the copies that other processes keep for the time when nobody answers', async () => {
    await ada();
    /** What the process decides by where nobody answers. */
    const copyOf = async (id: string): Promise<string | undefined> => {
      await shop.parts.store.forget(tenant, [id]);
      return (await shop.records.read(tenant, [id], 1000))[0]?.source;
    };
    await shop.records.read(tenant, ['planted-ada', 'bob'], 1000);
    shop.parts.truthFails = true;
    expect([await copyOf('planted-ada'), await copyOf('bob')]).toEqual(['stale copy', 'stale copy']);
    await shop.parts.bus.publish(erasureTopic, { tenantId: tenant, ids: ['planted-ada'] });
    expect([await copyOf('planted-ada'), await copyOf('bob')]).toEqual(['none', 'stale copy']);
    shop.parts.truthFails = false;
    const other = new Shop(pool, shop.clock);
    const heard: unknown[] = [];
    await other.parts.bus.subscribe(erasureTopic, event => void heard.push(event));
    await other.ask(tenant, 'mutation { eraseCustomer(input: { customerId: "planted-ada" }) { receipt { id } } }', {}, 'admin');
    expect(heard).toEqual([{ kind: 'message', message: { tenantId: tenant, ids: ['planted-ada', 'planted-anon'] } }]);
    await other.projection.stop();
  });

  it('needs an admin', async () => {
    expect((await shop.ask(tenant, 'mutation { eraseCustomer(input: { customerId: "a" }) { receipt { id } } }')).refusals).toEqual([['FORBIDDEN', undefined]]);
    expect((await shop.ask(tenant, 'mutation { exportCustomer(input: { customerId: "a" }) { data } }')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});

describe('exportCustomer', () => {
  it('gives everything held, what is personal in the clear, and leaves an audit entry', async () => {
    await ada();
    const { data } = (await shop.ask(tenant, 'mutation { exportCustomer(input: { customerId: "planted-anon" }) { data } }', {}, 'admin')).data.exportCustomer;
    expect(data).toMatchObject({
      customer: { id: 'planted-ada', aliases: ['planted-anon'], attributes: { email: 'ada@planted.example', city: 'planted-Ulm' } },
      identities: [{ kind: 'email', value: 'ada@planted.example' }],
      customer_consents: [{ purpose: 'ads', granted: true, source: 'planted form' }],
      segment_members: [{ segment_id: 'vip' }],
      decisions: [], outcomes: [],
    });
    expect((data.events as readonly { readonly id: string }[]).map(it => it.id).sort()).toEqual(['e-planted-ada', 'e-planted-anon']);
    expect(data.customer_features).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'score', value: 0.4 })]));
    expect((await pool.query("SELECT subject FROM audit_log WHERE tenant_id = $1 AND action = 'export'", [tenant])).rows).toEqual([{ subject: 'customer/planted-ada' }]);
    expect((await shop.ask(tenant, 'mutation { exportCustomer(input: { customerId: "x" }) { data } }', {}, 'admin')).refusals).toEqual([['NOT_FOUND', '/customerId']]);
  });
});

describe('customerTables', () => {
  it('names every table that has a customer_id, but for the log of decisions, those of identities, keys and aliases, and what the search index has yet to drop', async () => {
    const { rows } = await pool.query<{ name: string }>(
      "SELECT c.relname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE a.attname = 'customer_id' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relnamespace = 'public'::regnamespace ORDER BY 1");
    const others = ['customer_aliases', 'customer_identities', 'customer_keys', 'decisions', 'unindexed_removals'];
    expect(rows.map(it => it.name).filter(it => !others.includes(it))).toEqual(customerTables.map(it => it.table).sort());
  });
});
