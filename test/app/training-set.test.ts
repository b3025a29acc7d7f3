import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { parquetReadObjects } from 'hyparquet';
import { runCommandLine } from '../../src/cli/program.js';
import { above } from '../customers/shop.js';
import { configuration, feature, rule } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';

let shop: ShopServer;
let folder: string;
const { pool } = await testDatabase();
const from = new Date(Date.now() - 60_000).toISOString();
const to = new Date(Date.now() + 3_600_000).toISOString();

type Row = Readonly<Record<string, string>>;

beforeAll(async () => {
  shop = await startShop({ pool });
  folder = await mkdtemp(path.join(tmpdir(), 'attune-training-'));
  // `engagement_score` is read by the placement's rule; the others by nothing.
  await furnish(shop, {
    features: [
      ...configuration().features, feature('note', { valueType: 'string' }), feature('tags', { valueType: 'strings' }), feature('member', { valueType: 'boolean', defaultValue: false }),
      feature('consented', { purposes: ['training'] }),
      feature('logins', { historyLimit: 0, aggregate: { function: 'count', event: 'login', windowMs: 3_600_000 } }),
    ],
    ruleSets: [{ id: 'rules', name: 'Rules', rules: [rule('r', { items: { item: { name: 'category', operator: 'equals', value: 'winter' } }, when: above('engagement_score', 0.5) })] }],
  });
});
afterAll(async () => {
  await shop.stop();
  await rm(folder, { recursive: true });
});

async function set(values: Readonly<Record<string, unknown>>): Promise<void> {
  const input = { customers: [{ customerId: 'ada', values: Object.entries(values).map(([name, value]) => ({ name, value })) }] };
  expect((await shop.query('mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input })).errors).toBeUndefined();
}
async function login(id: string, count: number): Promise<void> {
  await shop.query('mutation($input: [EventInput!]!) { ingestEvents(input: $input) { accepted } }', { input: [{ id, customerId: 'ada', type: 'login', at: new Date().toISOString() }] });
  // Counted behind the answer.
  for (;;) {
    const { data } = await shop.query('{ customer(id: "ada") { features(names: ["logins"]) { value } } }');
    if (data.customer?.features[0].value === count) return;
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}
async function decide(): Promise<string> {
  const { data } = await shop.query('{ personalize(customerId: "ada") { id } }');
  await new Promise(resolve => setTimeout(resolve, 5));
  return data.personalize.id as string;
}
const names = 'engagement_score,monetary_score,note,tags,member,consented,logins';
async function fetchSet(more: Readonly<Record<string, string>> = {}, key = shop.keys.server): Promise<Response> {
  return fetch(`${shop.url}/api/v1/training-set?${new URLSearchParams({ placement: 'hero', from, to, features: names, ...more }).toString()}`, { headers: { authorization: `Bearer ${key}` } });
}
async function rowsOf(count: number): Promise<readonly Row[]> {
  for (;;) {
    const rows = parse<Row>(await (await fetchSet()).text(), { columns: true });
    if (rows.length >= count) return rows;
    await new Promise(resolve => setTimeout(resolve, 50)); // the log is written behind the answers
  }
}

describe('a training set', () => {
  it('has features as they were at each decision and what came of it, and nothing that was known only later', async () => {
    await decide();
    await set({ engagement_score: 0.25, monetary_score: 3, note: 'a "b",\nc', tags: ['x', 'y'], consented: 1 });
    await login('l1', 1);
    const second = await decide();
    await set({ engagement_score: 0.75, monetary_score: 4, note: 'later', member: true });
    await login('l2', 2);
    await login('l3', 3);
    await decide();
    const outcome = (id: string, kind: string, value?: number): object => ({ id, decisionId: second, kind, at: new Date().toISOString(), ...(value !== undefined && { value }) });
    await rowsOf(3);
    await shop.query('mutation($input: [OutcomeInput!]!) { recordOutcomes(input: $input) { accepted } }', { input: [outcome('o1', 'IMPRESSION'), outcome('o2', 'CONVERSION', 12.5)] });
    await set({ engagement_score: 9, monetary_score: 9, note: 'after the last decision' });
    const rows = await rowsOf(3);
    const seen = rows.map(it => ['engagement_score', 'monetary_score', 'note', 'tags', 'member', 'consented', 'logins'].map(name => it[`feature.${name}`]));
    expect(seen).toEqual([
      ['', '', '', '', 'false', '', '0'],
      ['0.25', '3', 'a "b",\nc', '["x","y"]', 'false', '', '1'],
      ['0.75', '4', 'later', '["x","y"]', 'true', '', '3'],
    ]);
    expect(rows.map(it => [it['impression'], it['click'], it['conversion'], it['conversionValue'], it['reward']])).toEqual([
      ['false', 'false', 'false', '', '0'], ['true', 'false', 'true', '12.5', '1'], ['false', 'false', 'false', '', '0'],
    ]);
    expect(rows[1]).toMatchObject({ decisionId: second, customerId: 'ada', level: 'FULL' });
    expect(Number(rows[1]?.['propensity'])).toBeGreaterThan(0);
  });

  it('is the same as Parquet, by the command line', async () => {
    const out = path.join(folder, 'set.parquet');
    const lines: string[] = [];
    const terminal = { out: (line: string) => void lines.push(line), err: (line: string) => void lines.push(line) };
    const deps = { version: '0', terminal, client: { url: shop.url, key: shop.keys.server, dataFolder: folder }, serve: () => Promise.resolve(), migrate: () => Promise.resolve([]) };
    const args = ['training-set', '--placement', 'hero', '--from', from, '--to', to, '--features', names, '--format', 'parquet', '--out', out, '--json'];
    expect([await runCommandLine(args, deps), lines.length]).toEqual([0, 1]);
    const bytes = await readFile(out);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ file: out, bytes: bytes.length });
    const read = await parquetReadObjects({ file: new Uint8Array(bytes).buffer });
    const plain = read.map(it => Object.fromEntries(Object.entries(it).map(([name, value]): [string, string] => [name, textOf(value)])));
    expect(plain).toEqual(await rowsOf(3));
    expect([typeof read[1]?.['feature.monetary_score'], typeof read[1]?.['feature.member'], read[1]?.['decidedAt'] instanceof Date]).toEqual(['number', 'boolean', true]);
  });

  it('may be empty, in both formats', async () => {
    const none = { to: new Date(Date.parse(from) + 1).toISOString() };
    expect(parse(await (await fetchSet(none)).text())).toHaveLength(1);
    expect(await parquetReadObjects({ file: await (await fetchSet({ ...none, format: 'parquet' })).arrayBuffer() })).toEqual([]);
  });

  it.each<[Record<string, string>, number, string]>([
    [{ placement: 'x' }, 404, '/placement'], [{ features: 'note,x' }, 404, '/features/1'], [{ features: 'note,note' }, 400, '/features'],
    [{ format: 'xml' }, 400, '/format'], [{ from: 'soon' }, 400, '/from'], [{ to: from }, 400, '/to'],
  ])('is refused for %j', async (more, status, at) => {
    const response = await fetchSet(more);
    const { errors } = (await response.json()) as { errors: readonly { extensions: { details: { path: string } } }[] };
    expect([response.status, errors[0]?.extensions.details.path]).toEqual([status, at]);
  });

  it('is for servers and admins', async () => {
    expect((await fetchSet({}, await shop.keys.browser('ada'))).status).toBe(403);
  });
});

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'string' ? value : JSON.stringify(value);
}
