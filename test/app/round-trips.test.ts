import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { feature, hero } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithRedis } from '../support/redis.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

const ends: (() => unknown)[] = [];
afterAll(async () => { for (const end of ends) await end(); }); // while the database is there
const { pool } = await testDatabase();

/** Every statement that goes to the database, on whichever connection. */
const statements: string[] = [];
pool.on('connect', client => {
  const query = client.query.bind(client) as (...args: readonly unknown[]) => unknown;
  client.query = ((...args: readonly unknown[]) => {
    const [first] = args;
    statements.push(typeof first === 'string' ? first : (first as { text: string }).text);
    return query(...args);
  }) as typeof client.query;
});

describeWithRedis('a nested query', redisUrl => {
  const ids = Array.from({ length: 20 }, (_, i) => `customer-${i}`);
  let shop: ShopServer;
  let monitor: Redis;
  const commands: string[] = [];
  beforeAll(async () => {
    shop = await startShop({ pool, redisUrl });
    ends.push(() => shop.stop());
    await furnish(shop, {
      features: [feature('engagement_score'), feature('monetary_score')],
      segments: ['keen', 'rich'].map((id, i) => ({ id, name: id, description: '', condition: { feature: { name: i ? 'monetary_score' : 'engagement_score', operator: 'greaterThan', value: 0.5 } } }) as const),
      placements: [{ ...hero, bandit: { features: ['engagement_score'], lambda: 1, alpha: 0 } }],
    });
    const customers = ids.map((customerId, i) => ({ customerId, values: [{ name: 'engagement_score', value: i % 2 }, { name: 'monetary_score', value: i % 3 }] }));
    await shop.query('mutation S($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers } });
    const redis = new Redis(redisUrl);
    monitor = await redis.monitor();
    ends.push(() => { monitor.disconnect(); redis.disconnect(); });
    monitor.on('monitor', (_time: string, args: readonly string[]) => {
      const [command = ''] = args;
      const isRead = command.toLowerCase() === 'mget' || command.toLowerCase() === 'get';
      if (isRead && args.some(it => it.includes(encodeURIComponent(shop.tenantId)))) commands.push(`${command.toLowerCase()} ${args.length - 1}`);
    });
    // The first who ask have the sets of members filled.
    do await reads(`query W($id: ID!) { customer(id: $id) { segments { memberCount members(first: 1) { edges { node { id } } } } } }`, { id: ids[1] });
    while (readBy(statements).some(it => it.startsWith('segment_')));
  });

  const customer = 'customer { id attributes features { name value status } segments { id name memberCount members(first: 1) { edges { node { id } } } } }';

  /** What the request itself read: sweeps and the log's writing go on beside it. */
  const readBy = (all: readonly string[]): readonly string[] =>
    all.flatMap(text => {
      const [, table] = /^\s*SELECT.*?\b(?:FROM|JOIN) (definitions|segment_members|segment_counts|decisions|customers)\b/s.exec(text) ?? [];
      if (table === undefined || !text.includes('tenant_id = $1')) return [];
      return [table === 'definitions' ? `${table} ${text.includes('ANY($3)') ? 'by id' : 'of a kind'}` : table];
    });

  interface Row {
    readonly customer: { readonly features: readonly unknown[] };
  }

  const reads = async (text: string, variables: Readonly<Record<string, unknown>>): Promise<readonly Row[]> => {
    await shop.app.decisions.log.flush();
    statements.length = 0;
    commands.length = 0;
    const { errors, data } = await shop.query(text, variables);
    expect(errors).toBeUndefined();
    return Object.values(data as Readonly<Record<string, Row | readonly Row[]>>).flat();
  };

  const once = ['definitions by id'];
  // Where not all customers are asked about, a segment's members may be others.
  const sizes = [[2, ['customers', 'customers']], [20, ['customers']]] as const;

  it.each(sizes)('that decides for %i customers reads each kind of row once for all of a level', async (count, customers) => {
    const decided = await reads(`query N($ids: [ID!]!) { personalizeMany(customerIds: $ids) { id selectedContent { id } ${customer} } }`, { ids: ids.slice(0, count) });
    expect(decided).toHaveLength(count);
    expect(decided[1]?.customer.features).toContainEqual({ name: 'engagement_score', value: 1, status: 'FRESH' });
    expect([...readBy(statements)].sort()).toEqual([...customers, ...once]);
    expect(commands).toEqual([`mget ${count}`, `mget ${count}`]); // to decide by, and to show
  });

  it.each(sizes)('about %i logged decisions reads each kind of row once for all of a level', async (count, customers) => {
    const { data: before } = await shop.query('query M($ids: [ID!]!) { personalizeMany(customerIds: $ids) { id } }', { ids: ids.slice(0, count) });
    const aliases = (before.personalizeMany as readonly { id: string }[]).map((it, i) => `d${i}: decision(id: "${it.id}") { id placement { id } ${customer} }`);
    const logged = await reads(`{ ${aliases.join(' ')} }`, {});
    expect(logged).toHaveLength(count);
    expect(logged[1]?.customer.features).toContainEqual({ name: 'engagement_score', value: 1, status: 'FRESH' });
    expect([...readBy(statements)].sort()).toEqual([...customers, 'decisions', ...once]);
    expect(commands).toEqual([`mget ${count}`]);
  });
});
