import { randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { runCommandLine } from '../../src/cli/program.js';
import type { Verification } from '../../src/customers/erasure.js';
import { dynamic } from '../customers/shop.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { describeWithElasticsearch } from '../support/elasticsearch.js';
import { testDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis-server.js';
import { elasticDocuments, elasticDump, redisDump, tablesWith } from './dumps.js';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-privacy-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { url: databaseUrl, pool } = await testDatabase();
const redis = await startRedis(folder);

/** Found nowhere but where the test has put them: of each kind of thing another. */
const planted = { id: `id-${randomUUID()}`, city: `city-${randomUUID()}`, page: `page-${randomUUID()}` };
const personal = { email: `mail-${randomUUID()}`, phone: randomInt(1e13, 1e14), nicknames: [`nick-${randomUUID()}`, `nick-${randomUUID()}`] };
const identities = { email: `known-${randomUUID()}`, login: `login-${randomUUID()}`, 'anonymous id': `anon-${randomUUID()}` };
const secrets = [...Object.values(personal).flat(), ...Object.values(identities)].map(String);

const describeWithAll: typeof describeWithElasticsearch = redis === undefined ? (name, tests) => { describe.skip(`${name} (no Redis can be had)`, () => { tests(''); }); } : describeWithElasticsearch;

describeWithAll('personal data, with Redis, Elasticsearch and a log that says everything', elasticsearchUrl => {
  let server: ServerProcess;
  let client: Redis;
  let elastic: Client;
  beforeAll(async () => {
    if (redis === undefined) return;
    client = new Redis(redis.url);
    elastic = new Client({ node: elasticsearchUrl });
    server = await startServerProcess({ dataFolder: folder, environment: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, ELASTICSEARCH_URL: elasticsearchUrl, LOG_LEVEL: 'trace', ATTUNE_DECISION_DEADLINE_MS: '5000' } });
  }, 90_000);
  afterAll(async () => {
    await server.end('SIGTERM');
    await client.quit();
    await elastic.close();
    await redis?.stop();
  }, 30_000);

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
  const done = async (query: string, variables: object = {}): Promise<Record<string, any>> => {
    const { data, errors } = await ask(server, query, variables);
    expect(errors).toBeUndefined();
    return data as Record<string, unknown>;
  };
  const outside = async (): Promise<string> => `${await redisDump(client)}\n${server.output()}\n${await (await fetch(`${server.url}/metrics`)).text()}`;
  /** The index that holds the customer, once it does. */
  const indexOf = async (id: string): Promise<string> => {
    for (let i = 0; i < 300; i++) {
      const { hits: { hits: [hit] } } = await elastic.search({ index: 'attune-customers-*', query: { term: { id } }, allow_no_indices: true });
      if (hit !== undefined) return hit._index;
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    throw new Error('The customer is not in the index');
  };
  /** Whom a condition on what is personal finds. */
  const members = async (): Promise<readonly string[]> => {
    const data = await done('query($email: JSON!) { previewSegment(condition: { attribute: { name: "email", operator: equals, value: $email } }) { sample { id } } }', { email: personal.email });
    return (data['previewSegment'].sample as readonly { readonly id: string }[]).map(it => it.id);
  };
  const decide = 'query($id: ID!) { personalize(customerId: $id) { id } }';

  it('is in the clear nowhere: not in the database, Redis, Elasticsearch, the log or the metrics', async () => {
    for (const [name, valueType] of [['email', 'string'], ['phone', 'number'], ['nicknames', 'strings']]) {
      await done(`mutation { upsertAttribute(input: { name: "${name}", valueType: ${valueType}, personal: true }) { configurationVersion } }`);
    }
    const at = '{ attribute: { name: "city", operator: equals, value: "nowhere" } }';
    await done(`mutation { saveRuleSet(input: { id: "places", name: "Places", rules: [{ id: "p", effect: exclude, reason: "p", when: ${at} }] }) { configurationVersion } publishRuleSet(input: { id: "places" }) { configurationVersion } }`);
    const attribute = { name: 'email', operator: 'equals', value: personal.email };
    await done('mutation($input: SegmentInput!) { createSegment(input: $input) { configurationVersion } }', { input: { id: 'them', name: 'Them', condition: { or: [{ attribute }, { attribute: { name: 'phone', operator: 'in', value: [personal.phone] } }] } } });
    await done('mutation($input: RuleSetInput!) { saveRuleSet(input: $input) { configurationVersion } }', { input: { id: 'drafted', name: 'Drafted', rules: [{ id: 'd', effect: 'exclude', reason: 'd', when: { attribute: { name: 'nicknames', operator: 'in', value: personal.nicknames } } }] } });
    await done('mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id: planted.id, attributes: { ...personal, city: planted.city } } });
    await done('mutation($input: IdentifyInput!) { identify(input: $input) { aliases } }', { input: { customerId: planted.id, identities: Object.entries(identities).map(([kind, value]) => ({ kind, value })) } });
    await done('mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted } }', { input: [{ id: randomUUID(), customerId: planted.id, type: 'page_view', properties: { pageUrl: planted.page } }] });
    for (const [query, variables] of [
      ['mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id: planted.id, attributes: { email: [personal.email, 1] } } }],
      ['query($value: String!) { customerByIdentity(kind: "", value: $value) { id } }', { value: identities.email }],
      ['mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: planted.id, values: [{ name: personal.email, value: personal.email }] }] } }],
    ] as const) expect((await ask(server, query, variables)).errors).toHaveLength(1);
    const { personalize } = (await done(decide, { id: planted.id })) as { readonly personalize: { readonly id: string } };
    for (let i = 0; i < 200 && !(await tablesWith(pool, planted.city)).includes('decisions'); i++) await new Promise(resolve => setTimeout(resolve, 25));
    expect(await tablesWith(pool, planted.city)).toEqual(['customers', 'decisions']);
    for (const text of secrets) expect(await tablesWith(pool, text)).toEqual([]);
    const explained = await done('query($id: ID!) { segment(id: "them") { condition } explainMembership(customerId: $id, segment: "them") { isMember nodes { truth } } }', { id: planted.id });
    expect(explained['explainMembership'].isMember).toBe(true);
    expect(secrets.filter(it => JSON.stringify(explained).includes(it))).toEqual([]);
    const text = await outside();
    const index = await elasticDump(elastic, await indexOf(planted.id));
    for (const dump of [text, index]) expect(dump).toContain(planted.city); // as what is not personal: the search finds what is there
    for (const dump of [text, index]) expect(secrets.filter(it => dump.includes(it))).toEqual([]);
    expect(await members()).toEqual([planted.id]);
    expect((await done('query($id: ID!) { replayDecision(id: $id) { identical } }', { id: personalize.id }))['replayDecision'].identical).toBe(true);
  }, 90_000);

  it('is wrapped by a new master key from the command line', async () => {
    const lines: string[] = [];
    const code = await runCommandLine(['rotate-keys', '--json'], {
      version: '', terminal: { out: line => lines.push(line), err: line => lines.push(line) },
      client: { url: server.url, key: server.keys.admin, dataFolder: folder }, serve: async () => undefined, migrate: async () => [],
    });
    // The demo's customers had addresses, which were sealed when they were declared personal.
    const { total, done: wrapped } = JSON.parse(lines[0] ?? '') as { readonly total: number; readonly done: number };
    expect([code, wrapped]).toEqual([0, total]);
    expect(await members()).toEqual([planted.id]);
    expect(total).toBeGreaterThan(100);
  });

  it('is gone after erasure, from everywhere, and from the log of decisions too', async () => {
    const index = await indexOf(planted.id);
    const { personalize } = (await done(decide, { id: planted.id })) as { readonly personalize: { readonly id: string } };
    const { receipt } = (await done('mutation($id: ID!) { eraseCustomer(input: { customerId: $id }) { receipt { id mac } } }', { id: planted.id }))['eraseCustomer'] as { readonly receipt: { readonly id: string; readonly mac: string } };
    const verify = async (): Promise<Verification> =>
      (await done('query($id: ID!, $mac: String!, $customerId: ID) { verifyErasure(id: $id, mac: $mac, customerId: $customerId) { isGenuine coversId remaining } }', { ...receipt, customerId: planted.id }))['verifyErasure'] as Verification;
    expect(await verify()).toEqual({ isGenuine: true, coversId: true, remaining: {} });
    for (const text of Object.values(planted)) expect(await tablesWith(pool, text)).toEqual([]);
    const dumps = [await redisDump(client), await elasticDocuments(elastic, index)];
    for (const dump of dumps) expect([...secrets, planted.city, planted.page].filter(it => dump.includes(it))).toEqual([]);
    expect((await done('query($id: ID!) { decision(id: $id) { reasoning customerId isStranger candidates { itemId propensity } } }', { id: personalize.id }))['decision']).toMatchObject({
      reasoning: 'The customer has been erased', customerId: expect.stringMatching(/^erased:/), isStranger: true,
    });
    expect((await ask(server, 'query($id: ID!) { replayDecision(id: $id) { identical } }', { id: personalize.id })).errors?.[0]?.extensions.code).toBe('ERASED');
    expect((await done('query($id: ID!) { personalize(customerId: $id) { isStranger } }', { id: planted.id }))['personalize'].isStranger).toBe(true);
  }, 60_000);
});

describe('consent and merging, as an open page feels them', () => {
  let shop: ShopServer;
  beforeAll(async () => {
    shop = await startShop({ pool });
    await furnish(shop, {
      features: [feature('score', { purposes: ['profiling'] })],
      segments: [dynamic('keen', { feature: { name: 'score', operator: 'greaterThan', value: 0.5 } })],
      placements: [{ ...hero, policy: { kind: 'greedy' } }],
      ruleSets: [{ id: 'main', name: 'Main', rules: [rule('keen', { when: { inSegment: 'keen' }, items: { item: { name: 'id', operator: 'equals', value: 'boots' } } })] }],
    });
  });
  afterAll(() => shop.stop());
  const done = async (query: string, variables: object = {}): Promise<void> => { expect((await shop.query(query, variables)).errors).toBeUndefined(); };
  const consent = (granted: boolean, until?: string): Promise<void> =>
    done('mutation($input: SetConsentInput!) { setConsent(input: $input) { customerId } }', { input: { customerId: 'ada', source: 'page', purposes: [{ purpose: 'profiling', granted, until }] } });

  it('decides again when consent is given, taken back, or ends by itself, and says what was withheld', async () => {
    await done('mutation { setFeatures(input: { customers: [{ customerId: "ada", values: [{ name: "score", value: 0.9 }] }] }) { changedCustomers } }');
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    const { personalize } = (await shop.query('{ personalize(customerId: "ada") { withheld { kind name purpose } } }')).data;
    expect(personalize.withheld).toEqual([{ kind: 'SEGMENT', name: 'keen', purpose: 'profiling' }]);
    await consent(true);
    expect(await updates.next()).toEqual(['CONSENT', 'profiling', 'sandals']);
    await consent(false);
    expect(await updates.next()).toEqual(['CONSENT', 'profiling', 'boots']);
    await consent(true, new Date(Date.now() + 2500).toISOString());
    expect(await updates.next()).toEqual(['CONSENT', 'profiling', 'sandals']);
    expect(await updates.next()).toEqual(['TIME', 'profiling', 'boots']);
    await updates.close();
  }, 30_000);

  it('shows a page that is open by an old id what the merged customer is shown', async () => {
    const updates = await updatesOf(shop, 'anon');
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    await consent(true);
    await done('mutation { mergeCustomers(input: { from: "anon", into: "ada" }) { aliases } }');
    const [, , shown] = await updates.next();
    expect(shown).toBe('sandals');
    await updates.close();
  }, 30_000);
});
