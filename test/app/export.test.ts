import { randomInt, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { byHand } from '../customers/shop.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { tablesWith } from './dumps.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
let shop: ShopServer;
beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, {
    features: [feature('said', { valueType: 'string' }), feature('visits', { aggregate: { function: 'count', event: 'page_view', windowMs: 86_400_000 } })],
    segments: [byHand('vip')],
    placements: [{ ...hero, policy: { kind: 'greedy' } }],
    ruleSets: [{ id: 'main', name: 'Main', rules: [rule('city', { when: { attribute: { name: 'city', operator: 'equals', value: 'nowhere' } } })] }],
  });
});
afterAll(() => shop.stop());

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
const done = async (query: string, variables: object = {}): Promise<any> => {
  const { data, errors } = await shop.query(query, variables);
  expect(errors).toBeUndefined();
  return data;
};
const exported = (customerId: string): ReturnType<ShopServer['query']> => shop.query('mutation($id: ID!) { exportCustomer(input: { customerId: $id }) { data } }', { id: customerId });

const marker = (of: string): string => `${of}-${randomUUID()}`;
const [id, anon] = [marker('id'), marker('anon')];
/** Of each thing that is said of a customer another. */
const planted = {
  email: marker('email'), phone: randomInt(1e13, 1e14), city: marker('city'), identity: marker('identity'), login: marker('login'), consent: marker('consent'),
  page: marker('page'), anonPage: marker('anon-page'), event: marker('event'), rejected: marker('rejected'), value: marker('value'), before: marker('before'), context: marker('context'), outcome: marker('outcome'),
};

async function plant(): Promise<string> {
  for (const [name, valueType] of [['email', 'string'], ['phone', 'number']]) await done(`mutation { upsertAttribute(input: { name: "${name}", valueType: ${valueType}, personal: true }) { configurationVersion } }`);
  const { personalize } = await done('query($id: ID!, $context: ContextInput) { personalize(customerId: $id, context: $context) { id } }', { id: anon, context: { more: { said: planted.context } } });
  const upsert = 'mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }';
  await done(upsert, { input: { id, attributes: { email: planted.email, city: planted.city } } });
  await done(upsert, { input: { id: anon, attributes: { phone: planted.phone } } });
  const ingest = 'mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted rejected } }';
  const views = [{ id: planted.event, customerId: id, type: 'page_view', properties: { pageUrl: planted.page } }, { id: randomUUID(), customerId: anon, type: 'page_view', properties: { pageUrl: planted.anonPage } }];
  expect((await done(ingest, { input: [...views, { id: randomUUID(), customerId: anon, type: 'unknown', properties: { it: planted.rejected } }] })).ingestEvents).toEqual({ accepted: 2, rejected: 1 });
  for (const value of [planted.before, planted.value]) await done('mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: id, values: [{ name: 'said', value }] }] } });
  await done('mutation($input: SetConsentInput!) { setConsent(input: $input) { customerId } }', { input: { customerId: id, source: planted.consent, purposes: [{ purpose: 'ads', granted: true }] } });
  await done('mutation($input: AddToSegmentInput!) { addToSegment(input: $input) { changed } }', { input: { segmentId: 'vip', customerIds: [id] } });
  await done('mutation($input: MergeCustomersInput!) { mergeCustomers(input: $input) { aliases } }', { input: { from: anon, into: id } });
  await done('mutation($input: IdentifyInput!) { identify(input: $input) { aliases } }', { input: { customerId: id, identities: [{ kind: 'email', value: planted.identity }, { kind: 'login', value: planted.login }] } });
  await done('mutation($input: [OutcomeInput!]!) { recordOutcomes(input: $input) { accepted } }', { input: [{ id: planted.outcome, decisionId: personalize.id, kind: 'IMPRESSION' }] });
  await done('mutation($id: ID!) { revealAttributes(input: { customerId: $id }) { customerId } }', { id });
  await shop.app.decisions.log.flush();
  return personalize.id as string;
}

describe('exportCustomer', () => {
  it('gives everything that is held of a customer, and of who has been erased nothing but when that was', async () => {
    const decisionId = await plant();
    for (let i = 0; i < 200 && (await done('query($id: ID!) { customer(id: $id) { features(names: ["visits"]) { value } } }', { id })).customer.features[0]?.value !== 2; i++) await new Promise(resolve => setTimeout(resolve, 25));
    const { data: { exportCustomer: { data } } } = await exported(anon);
    const text = JSON.stringify(data);
    expect(Object.entries({ ...planted, id, anon, decisionId }).filter(([, it]) => !text.includes(String(it))).map(([of]) => of)).toEqual([]);
    expect(data).toMatchObject({
      customer: { id, aliases: [anon], attributes: { email: planted.email, phone: planted.phone, city: planted.city }, consents: { ads: { granted: true } } },
      identities: [{ kind: 'email', value: planted.identity }, { kind: 'login', value: planted.login }],
      merges: [{ from_id: anon, into_id: id }],
      customer_consents: [{ source: planted.consent }],
      rejected_events: [{ customer_id: id }],
      segment_members: [{ segment_id: 'vip' }],
      decisions: [{ customer_id: anon, record: { r: { context: { said: planted.context } } } }],
      outcomes: [{ id: planted.outcome, decision_id: decisionId }],
      audit_log: [{ action: 'merge' }, { action: 'reveal', details: { attributes: ['email', 'phone'] } }],
    });
    expect(data.events).toHaveLength(2);
    expect(data.customer_features).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'said', value: planted.value }), expect.objectContaining({ name: 'visits', value: 2 })]));
    expect((data.feature_history as readonly { readonly name: string; readonly value: unknown }[]).filter(it => it.name === 'said').map(it => it.value).sort()).toEqual([planted.before, planted.value].sort());
    // Whatever table names the customer is in it, but for the key, which is no more than a key, and the ids of events, which are with the events.
    const named = new Set((await Promise.all([id, anon].map(it => tablesWith(pool, it)))).flat());
    const parts: Readonly<Record<string, string>> = { customers: 'customer', customer_aliases: 'customer', customer_identities: 'identities', customer_merges: 'merges' };
    expect([...named].filter(it => it !== 'customer_keys').map(it => parts[it] ?? it).filter(it => !(it in data))).toEqual([]);
    expect(named.size).toBeGreaterThan(10);

    const { eraseCustomer: { receipt } } = await done('mutation($id: ID!) { eraseCustomer(input: { customerId: $id }) { receipt { id erasedAt } } }', { id });
    for (const asked of [id, anon]) {
      const { data: nothing, errors } = await exported(asked);
      expect(nothing).toBeNull();
      expect(errors?.map(it => it.extensions)).toEqual([expect.objectContaining({ code: 'ERASED', details: { path: '/customerId', erasure: receipt.id, erasedAt: receipt.erasedAt } })]);
      expect(JSON.stringify(errors)).not.toContain(asked);
    }
    const left = await Promise.all(Object.values({ ...planted, id, anon }).map(async it => [it, await tablesWith(pool, String(it))] as const));
    expect(left.filter(([, tables]) => tables.length > 0)).toEqual([[planted.outcome, ['outcomes']]]); // whose decision is nobody's any more
  }, 30_000);
});
