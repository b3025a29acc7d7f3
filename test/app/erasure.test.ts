import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { testDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis-server.js';
import { redisDump, tablesWith } from './dumps.js';
import { ask, startServerProcess, type Answer, type ServerProcess } from './server-process.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-erasure-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { url: databaseUrl, pool } = await testDatabase();
process.env['TEST_REDIS_URL'] = ''; // one of its own, which is searched whole
const redis = await startRedis(folder);
const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

/** A customer by two ids, and texts that are found nowhere but where the test has put them. */
interface Planted {
  readonly ids: readonly [id: string, alias: string];
  readonly email: string;
  readonly city: string;
  readonly page: string;
  readonly context: string;
}

const plant = (): Planted => ({
  ids: [`id-${randomUUID()}`, `anon-${randomUUID()}`], email: `mail-${randomUUID()}`, city: `city-${randomUUID()}`, page: `page-${randomUUID()}`, context: `said-${randomUUID()}`,
});
const textsOf = ({ ids, ...rest }: Planted): readonly string[] => [...ids, ...Object.values(rest)];

const upsert = 'mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { id } } }';
const ingest = 'mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted rejected } }';
const decide = 'query($id: ID!, $context: ContextInput) { personalize(customerId: $id, context: $context) { id isStranger } }';
const consent = 'mutation($input: SetConsentInput!) { setConsent(input: $input) { customerId } }';
const setFeatures = 'mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }';

/** All that is written of a customer and asked for them, at both processes, again and again until it is stopped. */
class Load {
  readonly decisions: string[] = [];
  readonly events: object[] = [];
  done = 0;
  /** Of what came after the erasure. */
  readonly codes = new Set<string>();
  readonly #senders: readonly Promise<void>[];
  #stopped = false;

  constructor(servers: readonly ServerProcess[], planted: Planted) {
    this.#senders = servers.flatMap(server => planted.ids.flatMap(id => [
      this.#again(i => ask(server, upsert, { input: { id, attributes: { email: planted.email, city: `${planted.city} ${i}` } } })),
      this.#again(() => {
        const events = [{ id: randomUUID(), customerId: id, type: 'page_view', properties: { pageUrl: planted.page } }, { id: randomUUID(), customerId: id, type: 'purchase', properties: { value: planted.page } }];
        this.events.push(...events);
        return ask(server, ingest, { input: events });
      }),
      this.#again(async () => {
        const answer = await ask(server, decide, { id, context: { more: { said: planted.context } } });
        const made = (answer.data as { readonly personalize?: { readonly id: string } } | null)?.personalize?.id;
        if (made !== undefined) this.decisions.push(made);
        return answer;
      }),
      this.#again(() => ask(server, consent, { input: { customerId: id, source: planted.page, purposes: [{ purpose: 'ads', granted: true }] } })),
      this.#again(i => ask(server, setFeatures, { input: { customers: [{ customerId: id, values: [{ name: 'probe', value: i }] }] } })),
    ]));
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#senders);
  }

  async #again(send: (i: number) => Promise<Answer>): Promise<void> {
    for (let i = 0; !this.#stopped; i++) {
      const { errors } = await send(i);
      for (const { extensions } of errors ?? []) this.codes.add(extensions.code);
      this.done += 1;
    }
  }
}

(redis === undefined ? describe.skip : describe)('erasure by one of two processes, while both write and decide for the customer', () => {
  let here: ServerProcess;
  let there: ServerProcess;
  let client: Redis;
  beforeAll(async () => {
    if (redis === undefined) return;
    client = new Redis(redis.url);
    const environment = { DATABASE_URL: databaseUrl, REDIS_URL: redis.url, LOG_LEVEL: 'debug', ATTUNE_DECISION_DEADLINE_MS: '5000' };
    here = await startServerProcess({ dataFolder: folder, environment });
    there = await startServerProcess({ dataFolder: folder, environment });
    await done('mutation { upsertFeatureDefinition(input: { name: "probe", valueType: number, ttlMs: 86400000 }) { configurationVersion } upsertAttribute(input: { name: "email", valueType: string, personal: true }) { configurationVersion } }');
    const when = '{ attribute: { name: "city", operator: equals, value: "nowhere" } }'; // so that decisions read it
    await done(`mutation { saveRuleSet(input: { id: "places", name: "Places", rules: [{ id: "p", effect: exclude, reason: "p", when: ${when} }] }) { configurationVersion } publishRuleSet(input: { id: "places" }) { configurationVersion } }`);
  }, 90_000);
  afterAll(async () => {
    await Promise.all([here.end('SIGTERM'), there.end('SIGTERM')]);
    await client.quit();
    await redis?.stop();
  }, 30_000);

  const loads: Load[] = [];
  afterEach(() => Promise.all(loads.splice(0).map(it => it.stop())));

  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
  const done = async (query: string, variables: object = {}, server = here): Promise<any> => {
    const { data, errors } = await ask(server, query, variables);
    expect(errors).toBeUndefined();
    return data;
  };
  const erase = (id: string): Promise<Answer> => ask(here, 'mutation($id: ID!) { eraseCustomer(input: { customerId: $id }) { receipt { id mac } } }', { id });
  /** Texts that are still anywhere. Redis may say of an id that it is a stranger's, or of whom there was word. */
  const left = async (planted: Planted): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const text of textsOf(planted)) found.push(...(await tablesWith(pool, text)).map(table => `${text} in ${table}`));
    const dump = await redisDump(client);
    const logs = here.output() + there.output();
    for (const text of textsOf(planted)) {
      if (!planted.ids.includes(text) && dump.includes(text)) found.push(`${text} in Redis`);
      if (!planted.ids.includes(text) && logs.includes(text)) found.push(`${text} in the log`);
    }
    return found;
  };
  const begun = async (planted: Planted): Promise<Load> => {
    const [into, from] = planted.ids;
    await done('mutation($input: IdentifyInput!) { identify(input: $input) { aliases } }', { input: { customerId: into, identities: [{ kind: 'email', value: planted.email }] } });
    await done('mutation($input: MergeCustomersInput!) { mergeCustomers(input: $input) { aliases } }', { input: { from, into } });
    const load = new Load([here, there], planted);
    loads.push(load);
    for (let i = 0; i < 200 && (load.done < 200 || !(await redisDump(client)).includes(planted.city)); i++) await pause(25);
    expect(await tablesWith(pool, planted.city)).toEqual(['customers', 'decisions']);
    expect(await tablesWith(pool, planted.context)).toEqual(['decisions']);
    expect([...load.codes]).toEqual([]);
    return load;
  };

  it.each([1, 2])('leaves nothing anywhere from the moment of its receipt on (%i)', async () => {
    const planted = plant();
    const load = await begun(planted);
    const { data } = await erase(planted.ids[1]);
    const { receipt } = data.eraseCustomer as { readonly receipt: { readonly id: string; readonly mac: string } };
    expect(await left(planted)).toEqual([]);
    for (const server of [here, there]) for (const id of planted.ids) expect((await done('query($id: ID!) { customer(id: $id) { id } }', { id }, server)).customer).toBeNull();
    const before = load.done;
    while (load.done < before + 100) await pause(25);
    await load.stop();
    expect([...load.codes]).toEqual(['ERASED']);
    expect(await left(planted)).toEqual([]);
    for (const server of [here, there]) {
      for (const customerId of planted.ids) {
        expect((await done(decide, { id: customerId }, server)).personalize.isStranger).toBe(true);
        const verify = 'query($id: ID!, $mac: String!, $customerId: ID) { verifyErasure(id: $id, mac: $mac, customerId: $customerId) { isGenuine coversId remaining } }';
        expect((await done(verify, { ...receipt, customerId }, server)).verifyErasure).toEqual({ isGenuine: true, coversId: true, remaining: {} });
      }
    }
    const late = await done(ingest, { input: load.events.slice(0, 500) }, there); // delivered once more
    expect(late.ingestEvents).toEqual({ accepted: 0, rejected: Math.min(500, load.events.length) });
    const day = 86_400_000;
    await done('mutation($input: ReplayEventsInput!) { replayEvents(input: $input) { events } }', { input: { from: new Date(Date.now() - day).toISOString(), to: new Date(Date.now() + day).toISOString() } });
    await pause(1500); // a sweep
    expect(await left(planted)).toEqual([]);
    const logged = await Promise.all([...load.decisions.slice(0, 20), ...load.decisions.slice(-20)].map(async id => (await done('query($id: ID!) { decision(id: $id) { customerId } }', { id }, there)).decision as { readonly customerId: string }));
    expect(new Set(logged.map(it => it.customerId))).toEqual(new Set([`erased:${receipt.id}`]));
  }, 60_000);

  it('is not undone by a process that stood still meanwhile', async () => {
    const planted = plant();
    const load = await begun(planted);
    there.signal('SIGSTOP');
    const erasing = erase(planted.ids[0]);
    try {
      await Promise.race([erasing, pause(2000)]); // where it holds the customer's row, erasure waits for it
    } finally {
      there.signal('SIGCONT');
    }
    for (let answer = await erasing; answer.errors !== undefined; answer = await erase(planted.ids[0])) expect(answer.errors[0]?.extensions.code).toBe('UNAVAILABLE');
    expect(await left(planted)).toEqual([]);
    await load.stop();
    await pause(1500);
    expect(await left(planted)).toEqual([]);
    expect((await done(decide, { id: planted.ids[0] }, there)).personalize.isStranger).toBe(true);
  }, 60_000);
});
