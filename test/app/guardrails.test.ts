import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { above } from '../customers/shop.js';
import { feature, hero, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

jest.setTimeout(90_000);

let shop: ShopServer;
afterAll(() => shop.stop());
const { pool } = await testDatabase();
const customers = ['ada', ...Array.from({ length: 59 }, (_, i) => `c${i}`)];
/** What a second version does wrong, and the limit that tells. */
const others = {
  drifting: { limits: { drift: 0.25 }, ttlMs: 86_400_000, property: 'other' },
  aging: { limits: { staleRate: 0.5 }, ttlMs: 1000, property: 'other' },
  erring: { limits: { errorRate: 0.2 }, ttlMs: 86_400_000, property: 'nothing' },
} as const;

beforeAll(async () => {
  shop = await startShop({ pool });
  await furnish(shop, {
    features: [feature('plain'), feature('score', { limits: { nullRate: 0.2 }, aggregate: { function: 'last', event: 'page_view', property: 'score', windowMs: 86_400_000 } }), ...Object.entries(others).map(([name, { limits }]) => feature(name, { limits, aggregate: { function: 'last', event: 'page_view', property: 'score', windowMs: 86_400_000 } }))],
    placements: [{ ...hero, policy: { kind: 'greedy' } }],
    ruleSets: [{ id: 'rules', name: 'Rules', rules: [rule('r', { items: { item: { name: 'id', operator: 'equals', value: 'boots' } }, when: above('score', 0.5) })] }],
  });
  const at = new Date().toISOString();
  const input = customers.map(customerId => ({ id: `e-${customerId}`, customerId, type: 'page_view', at, properties: { score: 0.9, other: 5 } }));
  expect((await shop.query('mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted } }', { input })).data.ingestEvents.accepted).toBe(60);
  for (;;) {
    const { rows: [row] } = await pool.query<{ n: number }>("SELECT count(*)::int AS n FROM customer_features WHERE tenant_id = $1 AND name = 'score'", [shop.tenantId]);
    if (row?.n === 60) break;
    await new Promise(resolve => setTimeout(resolve, 50));
  }
});

interface AlertNode {
  readonly kind: string;
  readonly subject: string;
  readonly details: unknown;
  readonly endedAt: string | null;
}
async function alerts(key?: string): Promise<readonly AlertNode[]> {
  const { data } = await shop.query('{ alerts { edges { node { kind subject details endedAt } } } }', {}, key);
  return (data.alerts.edges as { readonly node: AlertNode }[]).map(it => it.node);
}

describe('a version whose values pass a limit', () => {
  it('is gone back from by itself within a minute: told, audited, and pushed to whoever watches', async () => {
    const socket = shop.socket(shop.keys.admin);
    const heard = socket.iterate<{ readonly alerts: AlertNode }>({ query: 'subscription { alerts { kind subject details endedAt } }' });
    const pushed = heard.next();
    const updates = await updatesOf(shop, 'ada');
    expect(await updates.next()).toEqual(['INITIAL', null, 'sandals']);
    const aggregate = '{ function: last, event: "page_view", property: "nothing", windowMs: 86400000 }';
    const upsert = `mutation { upsertFeatureDefinition(input: { name: "score", valueType: number, ttlMs: 86400000, aggregate: ${aggregate}, limits: { nullRate: 0.2 } }) { featureDefinition { version } } }`;
    const { data } = await shop.query(upsert);
    const since = Date.now();
    expect(data.upsertFeatureDefinition.featureDefinition.version).toBe(2);
    expect(await updates.next()).toEqual([expect.stringMatching(/^(FEATURE|TIME)$/), 'score', 'boots']);
    while ((await alerts()).length === 0) await new Promise(resolve => setTimeout(resolve, 200));
    expect(await updates.next()).toEqual(['FEATURE', 'score', 'sandals']);
    expect(Date.now() - since).toBeLessThan(60_000); // the promise that is kept here
    expect(await alerts()).toEqual([{ kind: 'featureRolledBack', subject: 'feature/score', details: { limit: 'nullRate', measured: expect.any(Number), allowed: 0.2, to: 1 }, endedAt: expect.any(String) }]);
    expect((await pushed).value?.data?.alerts).toEqual((await alerts())[0]);
    await socket.dispose();
    const { rows } = await pool.query("SELECT actor, action, details FROM audit_log WHERE tenant_id = $1 AND action = 'roll back'", [shop.tenantId]);
    expect(rows).toEqual([{ actor: 'guardrail', action: 'roll back', details: expect.objectContaining({ from: 2, to: 1, limit: 'nullRate' }) }]);
    expect(await (await fetch(`${shop.url}/metrics`)).text()).toContain('personalization_alerts_total{kind="featureRolledBack"} 1');
    const { data: { featureVersions } } = await shop.query('{ featureVersions(name: "score") { version state definition { limits { nullRate } } } }');
    expect(featureVersions).toEqual([{ version: 1, state: 'LIVE', definition: { limits: { nullRate: 0.2 } } }, { version: 2, state: 'PAST', definition: { limits: { nullRate: 0.2 } } }]);
    await updates.close();
  });

  it('is gone back from where values drift, grow old or cannot be computed, too', async () => {
    const save = 'mutation U($input: FeatureDefinitionInput!) { upsertFeatureDefinition(input: $input) { featureDefinition { version } } }';
    for (const [name, { limits, ttlMs, property }] of Object.entries(others)) {
      const input = { name, valueType: 'number', ttlMs, limits, aggregate: { function: 'last', event: 'page_view', property, windowMs: 86_400_000 } };
      expect((await shop.query(save, { input })).data.upsertFeatureDefinition.featureDefinition.version).toBe(2);
    }
    for (const [name, { limits }] of Object.entries(others)) {
      const raised = async (): Promise<readonly AlertNode[]> => (await alerts()).filter(it => it.subject === `feature/${name}` && it.kind === 'featureRolledBack');
      while ((await raised()).length === 0) await new Promise(resolve => setTimeout(resolve, 200));
      const [[limit, allowed] = []] = Object.entries(limits);
      expect(await raised()).toEqual([expect.objectContaining({ details: { limit, measured: expect.any(Number), allowed, to: 1 } })]);
      const { data: { featureVersions } } = await shop.query('query V($name: ID!) { featureVersions(name: $name) { version state } }', { name });
      expect(featureVersions).toEqual([{ version: 1, state: 'LIVE' }, { version: 2, state: 'PAST' }]);
    }
  });

  it('without a version before is told of once, until it is well again', async () => {
    const limit = (nullRate: string): string => `mutation { upsertFeatureDefinition(input: { name: "plain", valueType: number, ttlMs: 86400000, limits: ${nullRate} }) { configurationVersion } }`;
    await shop.query(limit('{ nullRate: 0.5 }'));
    const lasting = async (): Promise<readonly AlertNode[]> => (await alerts()).filter(it => it.subject === 'feature/plain');
    while ((await lasting()).length === 0) await new Promise(resolve => setTimeout(resolve, 200));
    expect(await lasting()).toEqual([{ kind: 'featureLimit', subject: 'feature/plain', details: { limit: 'nullRate', measured: 1, allowed: 0.5 }, endedAt: null }]);
    await shop.query(limit('{ nullRate: 1 }'));
    while ((await lasting())[0]?.endedAt === null) await new Promise(resolve => setTimeout(resolve, 200));
    expect(await lasting()).toHaveLength(1);
  });

  it('are told to servers and admins', async () => {
    const page = shop.socket(await shop.keys.browser('ada'));
    const refused: unknown = await page.iterate({ query: 'subscription { alerts { id } }' }).next().catch((error: unknown) => error);
    expect(JSON.stringify(refused)).toContain('FORBIDDEN');
    await page.dispose();
    expect((await shop.query('{ alerts { edges { cursor } } }', {}, await shop.keys.browser('ada'))).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

const declared = 'valueType: number, ttlMs: 86400000';
const define = async (at: ShopServer, input: string): Promise<void> => {
  expect((await at.query(`mutation { upsertFeatureDefinition(input: { ${input} }) { configurationVersion } }`)).errors).toBeUndefined();
};
const set = async (name: string, valueOf: (i: number) => number, more: object = {}): Promise<void> => {
  const input = { customers: customers.map((customerId, i) => ({ customerId, values: [{ name, value: valueOf(i), ...more }] })) };
  expect((await shop.query('mutation S($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input })).errors).toBeUndefined();
};
interface Pushed {
  readonly all: readonly string[];
  readonly failure: () => unknown;
  readonly close: () => void;
}
function pushed(at: ShopServer, key: string): Pushed {
  const client = at.socket(key);
  const all: string[] = [];
  let failure: unknown;
  client.subscribe<{ readonly alerts: { readonly kind: string; readonly subject: string } }>(
    { query: 'subscription { alerts { kind subject } }' },
    {
      next: ({ data, errors }) => { if (data) all.push(`${data.alerts.kind} ${data.alerts.subject}`); else failure = errors; },
      error: error => { failure = error; },
      complete: () => undefined,
    },
  );
  return {
    all,
    failure: () => failure,
    close: () => void client.dispose(),
  };
}

describe('alerts', () => {
  it('are pushed to the keys of their tenant alone, and two processes go back from a version once', async () => {
    const neighbour = await startShop({ pool });
    const twin = await startShop({ pool, of: shop });
    const [mine, twins, theirs, browsers] = [pushed(shop, shop.keys.admin), pushed(twin, shop.keys.admin), pushed(neighbour, neighbour.keys.admin), pushed(shop, await shop.keys.browser('ada'))];
    while (browsers.failure() === undefined) await new Promise(resolve => setTimeout(resolve, 50));
    expect(JSON.stringify(browsers.failure())).toContain('FORBIDDEN');
    for (const revision of ['a', 'b', 'c']) await define(shop, `name: "twice", ${declared}, revision: "${revision}"${revision === 'c' ? ', limits: { staleRate: 0.1 }' : ''}`);
    await define(shop, `name: "twice", valueType: number, ttlMs: 1000, revision: "c", limits: { staleRate: 0.1 }`);
    await set('twice', () => 1, { at: new Date(Date.now() - 60_000).toISOString() });
    const watches = [shop, twin].map(it => it.app.guardrails.watch);
    for (let i = 0; i < 3; i++) await Promise.all(watches.map(it => it.check()));
    while (mine.all.length + twins.all.length === 0) await new Promise(resolve => setTimeout(resolve, 50));
    const { rows } = await pool.query("SELECT details->>'to' AS \"to\" FROM audit_log WHERE tenant_id = $1 AND action = 'roll back' AND subject = 'feature/twice'", [shop.tenantId]);
    expect(rows).toEqual([{ to: '2' }]);
    expect([...mine.all, ...twins.all]).toEqual(['featureRolledBack feature/twice']); // each tells of what it raised: no bus joins them here
    expect([theirs.all, theirs.failure()]).toEqual([[], undefined]);
    for (const it of [mine, twins, theirs, browsers]) it.close();
    await Promise.all([neighbour.stop(), twin.stop()]);
  });
});
