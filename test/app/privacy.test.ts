import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { runCommandLine } from '../../src/cli/program.js';
import type { Verification } from '../../src/customers/erasure.js';
import { dynamic } from '../customers/shop.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis-server.js';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-privacy-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { url: databaseUrl, pool } = await testDatabase();
const redis = await startRedis(folder);

/** Found nowhere but where the test has put them. */
const planted = { id: `id-${randomUUID()}`, email: `mail-${randomUUID()}`, city: `city-${randomUUID()}`, page: `page-${randomUUID()}` };

/** Tables of the database with a row that holds the text. */
async function tablesWith(text: string): Promise<readonly string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "SELECT quote_ident(relname) AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1");
  const found = [];
  for (const { name } of tables) {
    const { rows: [row] } = await pool.query<{ is: boolean }>(`SELECT EXISTS (SELECT FROM ${name} t WHERE t::text LIKE '%' || $1 || '%') AS is`, [text]);
    if (row?.is === true) found.push(name);
  }
  return found;
}

/** All that Redis holds, keys and values. */
async function redisDump(client: Redis): Promise<string> {
  const texts: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    const value = type === 'string' ? await client.get(key) : type === 'stream' ? await client.xrange(key, '-', '+') : type === 'set' ? await client.smembers(key) : [];
    texts.push(key, JSON.stringify(value));
  }
  return texts.join('\n');
}

(redis === undefined ? describe.skip : describe)('personal data, with Redis and a log that says everything', () => {
  let server: ServerProcess;
  let client: Redis;
  beforeAll(async () => {
    if (redis === undefined) return;
    client = new Redis(redis.url);
    server = await startServerProcess({ dataFolder: folder, environment: { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, LOG_LEVEL: 'trace' } });
  }, 90_000);
  afterAll(async () => {
    await server.end('SIGTERM');
    await client.quit();
    await redis?.stop();
  }, 30_000);

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
  const done = async (query: string, variables: object = {}): Promise<Record<string, any>> => {
    const { data, errors } = await ask(server, query, variables);
    expect(errors).toBeUndefined();
    return data as Record<string, unknown>;
  };
  const outside = async (): Promise<string> => `${await redisDump(client)}\n${server.output()}\n${await (await fetch(`${server.url}/metrics`)).text()}`;
  const decide = 'query($id: ID!) { personalize(customerId: $id) { id } }';

  it('is in the clear nowhere: not in the database, Redis, the log or the metrics', async () => {
    await done('mutation { upsertAttribute(input: { name: "email", valueType: string, personal: true }) { configurationVersion } }');
    const at = '{ attribute: { name: "city", operator: equals, value: "nowhere" } }';
    await done(`mutation { saveRuleSet(input: { id: "places", name: "Places", rules: [{ id: "p", effect: exclude, reason: "p", when: ${at} }] }) { configurationVersion } publishRuleSet(input: { id: "places" }) { configurationVersion } }`);
    await done('mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id: planted.id, attributes: { email: planted.email, city: planted.city } } });
    await done('mutation($input: IdentifyInput!) { identify(input: $input) { aliases } }', { input: { customerId: planted.id, identities: [{ kind: 'email', value: planted.email }] } });
    await done('mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted } }', { input: [{ id: randomUUID(), customerId: planted.id, type: 'page_view', properties: { pageUrl: planted.page } }] });
    for (const [query, variables] of [
      ['mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }', { input: { id: planted.id, attributes: { email: [planted.email, 1] } } }],
      ['query($value: String!) { customerByIdentity(kind: "", value: $value) { id } }', { value: planted.email }],
      ['mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId: planted.id, values: [{ name: planted.email, value: planted.email }] }] } }],
    ] as const) expect((await ask(server, query, variables)).errors).toHaveLength(1);
    const { personalize } = (await done(decide, { id: planted.id })) as { readonly personalize: { readonly id: string } };
    for (let i = 0; i < 200 && !(await tablesWith(planted.city)).includes('decisions'); i++) await new Promise(resolve => setTimeout(resolve, 25));
    expect(await tablesWith(planted.city)).toEqual(['customers', 'decisions']);
    expect(await tablesWith(planted.email)).toEqual([]);
    const text = await outside();
    expect(text).toContain(planted.city); // in the online record, as what is not personal: the search finds what is there
    expect(text).not.toContain(planted.email);
    expect((await done('query($id: ID!) { replayDecision(id: $id) { identical } }', { id: personalize.id }))['replayDecision'].identical).toBe(true);
  }, 60_000);

  it('is wrapped by a new master key from the command line', async () => {
    const lines: string[] = [];
    const code = await runCommandLine(['rotate-keys', '--json'], {
      version: '', terminal: { out: line => lines.push(line), err: line => lines.push(line) },
      client: { url: server.url, key: server.keys.admin, dataFolder: folder }, serve: async () => undefined, migrate: async () => [],
    });
    // The demo's customers had addresses, which were sealed when they were declared personal.
    const { total, done: wrapped } = JSON.parse(lines[0] ?? '') as { readonly total: number; readonly done: number };
    expect([code, wrapped]).toEqual([0, total]);
    expect(total).toBeGreaterThan(100);
  });

  it('is gone after erasure, from everywhere, and from the log of decisions too', async () => {
    const { personalize } = (await done(decide, { id: planted.id })) as { readonly personalize: { readonly id: string } };
    const { receipt } = (await done('mutation($id: ID!) { eraseCustomer(input: { customerId: $id }) { receipt { id mac } } }', { id: planted.id }))['eraseCustomer'] as { readonly receipt: { readonly id: string; readonly mac: string } };
    const verify = async (): Promise<Verification> =>
      (await done('query($id: ID!, $mac: String!, $customerId: ID) { verifyErasure(id: $id, mac: $mac, customerId: $customerId) { isGenuine coversId remaining } }', { ...receipt, customerId: planted.id }))['verifyErasure'] as Verification;
    // The last decision may still be on its way into the log.
    for (let i = 0; i < 200 && Object.keys((await verify()).remaining).length > 0; i++) await new Promise(resolve => setTimeout(resolve, 50));
    expect(await verify()).toEqual({ isGenuine: true, coversId: true, remaining: {} });
    for (const text of Object.values(planted)) expect(await tablesWith(text)).toEqual([]);
    const dump = await redisDump(client);
    for (const text of [planted.email, planted.city, planted.page]) expect(dump).not.toContain(text);
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
