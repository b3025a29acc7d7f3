import 'reflect-metadata';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientOf, type Client } from '../../src/cli/client.js';
import { simulate } from '../../src/cli/simulate.js';
import { watch } from '../../src/cli/watch.js';
import { seededRandom } from '../../src/kernel/random.js';
import { testDatabase } from '../support/postgres.js';
import { startDemoServer, type RunningServer } from './running-server.js';

const { pool } = await testDatabase();
let server: RunningServer;
let client: Client;

beforeAll(async () => {
  server = await startDemoServer(pool);
  client = clientOf({ url: server.url, key: server.keys.admin });
}, 60_000);
afterAll(async () => {
  await server.stop();
});

const count = async (sql: string): Promise<number> => (await pool.query<{ count: number }>(sql)).rows[0]?.count ?? 0;

describe('simulate', () => {
  it('gets more from what was learned than chance would, and reports each visit once', async () => {
    const visits = 300;
    const before = await count('SELECT count(*)::int AS count FROM outcomes');
    const lines: string[] = [];

    const results = await simulate(client, { visits, rate: 1000, random: seededRandom(17) }, { out: line => lines.push(line), err: () => undefined });

    expect(results.reduce((sum, it) => sum + it.visits, 0)).toBe(visits);
    const clicks = results.reduce((sum, it) => sum + it.clicks, 0);
    expect(await count('SELECT count(*)::int AS count FROM outcomes')).toBe(before + visits + clicks);
    for (const policy of ['model', 'bandit'] as const) {
      const result = results.find(it => it.policy === policy);
      expect(result?.shown).toBeGreaterThan(1.3 * (result?.uniform ?? 1));
      expect(result?.shown).toBeLessThan(result?.best ?? 0);
      const { shown = 0, clickRate = 0, visits: n = 0 } = result ?? {};
      expect(Math.abs(clickRate - shown)).toBeLessThan(4 * Math.sqrt((shown * (1 - shown)) / n));
    }
    expect(lines.at(-2)).toMatch(/%/);
  });

  it('says so where the server holds another shop', async () => {
    const elsewhere: Client = { request: async () => ({ content: null }) };
    await expect(simulate(elsewhere, { visits: 1, rate: 1, random: seededRandom(1) }, { out: () => undefined, err: () => undefined })).rejects.toThrow('does not hold the demo shop');
  });
});

describe('watch', () => {
  it('passes on that the server refuses', async () => {
    const refused = watch({ url: server.url, key: 'wrong' }, { customerId: 'a', json: true }, { out: () => undefined, err: () => undefined });
    await expect(refused).rejects.toThrow(/^The subscription ended/);
  });

  it('prints the present decision, then the new one when a feature has changed, with its cause, and that the server is gone', async () => {
    const customerId = 'somebody-new';
    const updates: { readonly cause: { readonly kind: string }; readonly decision: { readonly selectedContent: { readonly id: string } } }[] = [];
    let heard = (): void => undefined;
    const hear = (): Promise<void> => new Promise(resolve => { heard = resolve; });
    const out = (line: string): void => {
      updates.push(JSON.parse(line) as (typeof updates)[number]);
      heard();
    };
    const first = hear();
    const watched = expect(watch({ url: server.url, key: server.keys.admin }, { customerId, placement: 'product-recommendations', json: true }, { out, err: () => undefined }))
      .rejects.toThrow(/^The subscription ended/);
    await first;
    const when = { feature: { name: 'affinity_books', operator: 'greaterThan', value: 0.9 } };
    const items = { item: { name: 'id', operator: 'equals', value: updates[0]?.decision.selectedContent.id } };
    const rules = [{ id: 'hide', effect: 'exclude', reason: 'Hidden', when, items }];
    await client.request('mutation R($rules: [RuleInput!]!) { saveRuleSet(input: { id: "probe", name: "Probe", rules: $rules }) { configurationVersion } publishRuleSet(input: { id: "probe" }) { configurationVersion } }', { rules });
    const second = hear();
    const values = [{ name: 'affinity_books', value: 0.95 }];
    await client.request('mutation Set($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers: [{ customerId, values }] } });
    await second;
    await server.stop();
    await watched;

    expect(updates.map(it => it.cause.kind)).toEqual(['INITIAL', 'FEATURE']);
  });
});
