import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { testDatabase } from '../support/postgres.js';
import { startRedis } from '../support/redis-server.js';
import { Gate, portOf } from './gate.js';
import { ask, startServerProcess, type ServerProcess } from './server-process.js';
import { socketTo } from './shop-server.js';
import { updatesOf, type Updates } from './updates.js';

const folder = await mkdtemp(path.join(tmpdir(), 'attune-two-'));
afterAll(() => rm(folder, { recursive: true, force: true }));
const { url: databaseUrl } = await testDatabase();
process.env['TEST_REDIS_URL'] = ''; // one of its own, whose connections may be cut
const redis = await startRedis(folder);
const gate = new Gate();
const placement = 'product-recommendations';

(redis === undefined ? describe.skip : describe)('two processes on one Redis and one PostgreSQL', () => {
  let here: ServerProcess;
  let there: ServerProcess;
  beforeAll(async () => {
    if (redis === undefined) return;
    await gate.open(portOf(redis.url));
    const environment = { DATABASE_URL: databaseUrl, ATTUNE_DECISION_DEADLINE_MS: '5000' };
    here = await startServerProcess({ dataFolder: folder, environment: { ...environment, REDIS_URL: redis.url } });
    there = await startServerProcess({ dataFolder: folder, environment: { ...environment, REDIS_URL: gate.to(redis.url) } });
    // No model is given it, so that it moves nothing but the rule.
    const { errors } = await ask(here, 'mutation { upsertFeatureDefinition(input: { name: "probe", valueType: number, ttlMs: 86400000 }) { featureDefinition { name } } }');
    expect(errors).toBeUndefined();
  }, 90_000);
  afterAll(async () => {
    await Promise.all([here.end('SIGTERM'), there.end('SIGTERM')]);
    await gate.close();
    await redis?.stop();
  }, 30_000);

  const open: Updates[] = [];
  afterEach(() => Promise.all(open.splice(0).map(it => it.close())));
  const watch = async (customerId: string): Promise<Updates> => {
    const updates = await updatesOf({ socket: () => socketTo(there.url, there.keys.server) }, customerId, { placement });
    open.push(updates);
    return updates;
  };
  const setScore = (customer: string, value: number): ReturnType<typeof ask> =>
    ask(here, 'mutation S($customer: ID!, $value: JSON!) { setFeatures(input: { customers: [{ customerId: $customer, values: [{ name: "probe", value: $value }] }] }) { changedCustomers } }', { customer, value });
  /** Leaves the item out where the score is high, or no item. */
  const publish = async (itemId: string | undefined): Promise<void> => {
    const when = { feature: { name: 'probe', operator: 'greaterThan', value: 0.5 } };
    const rules = itemId === undefined ? [] : [{ id: 'hide', effect: 'exclude', reason: 'Hidden', when, items: { item: { name: 'id', operator: 'equals', value: itemId } } }];
    const query = 'mutation R($rules: [RuleInput!]!) { saveRuleSet(input: { id: "probe", name: "Probe", rules: $rules }) { configurationVersion } publishRuleSet(input: { id: "probe" }) { configurationVersion } }';
    expect((await ask(here, query, { rules })).errors).toBeUndefined();
  };
  /** A customer whose page the other process keeps open, and who sees an item that a high score hides. */
  const opened = async (customerId: string): Promise<{ readonly updates: Updates; readonly first: string }> => {
    await setScore(customerId, 0.1);
    const updates = await watch(customerId);
    const [kind, , first] = await updates.next();
    expect(kind).toBe('INITIAL');
    await publish(first ?? '');
    expect(await updates.isSilent()).toBe(true);
    return { updates, first: first ?? '' };
  };

  it("push each other's changes of a customer and of the rules", async () => {
    const { updates, first } = await opened('ada');
    await setScore('ada', 0.9);
    const [kind, subject, second] = await updates.next();
    expect([kind, subject]).toEqual(['FEATURE', 'probe']);
    expect(second).not.toBe(first);
    await publish(undefined);
    expect((await updates.next()).slice(0, 2)).toEqual(['RULE', 'probe']);
  });

  it('decide by the same record, whichever was told', async () => {
    await ask(there, 'mutation { upsertCustomer(input: { id: "bob", attributes: { country: "DE" } }) { customer { id } } }');
    expect((await ask(here, '{ personalize(customerId: "bob") { isStranger } }')).data.personalize).toEqual({ isStranger: false });
  });

  it('catch up with what they missed while Redis could not be reached', async () => {
    const { updates, first } = await opened('carl');
    await gate.close();
    await setScore('carl', 0.9);
    expect(await updates.isSilent()).toBe(true);
    await gate.open(portOf(redis?.url ?? ''));
    const [kind, , second] = await updates.next();
    expect(kind).toBe('RESUMED_WITH_GAP');
    expect(second).not.toBe(first);
  });

  it('go on pushing when their subscribers were cut off', async () => {
    const { updates } = await opened('dora');
    const admin = new Redis(redis?.url ?? '');
    expect(await admin.client('KILL', 'TYPE', 'pubsub')).toBe(2);
    await setScore('dora', 0.9);
    expect(['FEATURE', 'RESUMED_WITH_GAP']).toContain((await updates.next())[0]);
    await publish(undefined);
    expect((await updates.next())[0]).toBe('RULE');
    admin.disconnect();
  });
});
