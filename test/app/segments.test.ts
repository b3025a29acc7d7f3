import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { runCommandLine } from '../../src/cli/program.js';
import { testDatabase } from '../support/postgres.js';
import { hero, item } from '../decisions/shop.js';
import { furnish, startShop, type ShopServer } from './shop-server.js';
import { updatesOf } from './updates.js';

let shop: ShopServer;
let folder: string;
afterAll(async () => {
  await shop.stop();
  await rm(folder, { recursive: true });
});
const { pool } = await testDatabase();
const customers = Array.from({ length: 12_000 }, (_, i) => `c${String(i).padStart(5, '0')}`);
const later = '2100-01-01T00:00:00.000Z';

beforeAll(async () => {
  shop = await startShop({ pool });
  folder = await mkdtemp(path.join(tmpdir(), 'attune-segments-'));
  await pool.query('INSERT INTO customers (tenant_id, id) SELECT $1, * FROM unnest($2::text[])', [shop.tenantId, customers]);
  expect((await shop.query('mutation { createSegment(input: { id: "vips of May/June", name: "VIPs" }) { segment { id } } }')).errors).toBeUndefined();
});

const upload = async (csv: string, { segment = 'vips of May/June', key = shop.keys.server, type = 'text/csv' } = {}): Promise<readonly [status: number, body: unknown]> => {
  const response = await fetch(`${shop.url}/api/v1/segments/${encodeURIComponent(segment)}/members`, {
    method: 'POST', headers: { 'content-type': type, ...(key !== '' && { authorization: `Bearer ${key}` }) }, body: csv,
  });
  const body = (await response.json()) as { errors?: readonly { extensions: { code: string; details?: { path?: string } } }[] };
  return [response.status, body.errors === undefined ? body : body.errors.map(({ extensions }) => [extensions.code, extensions.details?.path])];
};
const memberCount = async (): Promise<unknown> => (await shop.query('{ segment(id: "vips of May/June") { memberCount } }')).data.segment.memberCount;

interface Change {
  readonly segmentChanges: { readonly move: string; readonly customerId: string; readonly cause: { readonly kind: string; readonly subject: string | null }; readonly changedAt: string };
}

/** The next changes of a segment, as a client reads them. */
function changesOf(segment: string): { next(): Promise<Change['segmentChanges']>; close(): void } {
  const client = shop.socket();
  const changes = client.iterate<Change>({ query: 'subscription S($segment: ID!) { segmentChanges(segment: $segment) { move customerId cause { kind subject } changedAt } }', variables: { segment } });
  return {
    next: async () => {
      const { value } = (await changes.next()) as { value: { data?: Change; errors?: unknown } };
      if (value.data === undefined) throw new Error(JSON.stringify(value.errors));
      return value.data.segmentChanges;
    },
    close: () => void client.dispose(),
  };
}

describe('a segment that rests on time', () => {
  it('is entered and left, which is pushed with the cause, as are the decisions that rest on it', async () => {
    const browsing = { did: { event: 'page_view', atLeast: 1, within: 'PT3S' } };
    await furnish(shop, {
      segments: [{ id: 'browsing', name: 'Browsing', description: '', condition: browsing }],
      items: [item('boots', { priority: 2 }), item('scarf', { priority: 1 })],
      placements: [{ ...hero, policy: { kind: 'greedy' } }],
      ruleSets: [{ id: 'main', name: 'Main', rules: [{ id: 'r', effect: 'exclude', reason: 'r', when: { inSegment: 'browsing' }, items: { item: { name: 'id', operator: 'equals', value: 'boots' } } }] }],
    });
    const [changes, updates] = [changesOf('browsing'), await updatesOf(shop, 'c00009')];
    expect(await updates.next()).toEqual(['INITIAL', null, 'boots']);
    const entered = changes.next();
    await new Promise(resolve => setTimeout(resolve, 200)); // the subscription is on its way
    await shop.query('mutation { ingestEvents(input: [{ id: "v1", customerId: "c00009", type: "page_view" }]) { accepted } }');
    expect(await entered).toMatchObject({ move: 'ENTERED', customerId: 'c00009', cause: { kind: 'BEHAVIOUR', subject: 'page_view' } });
    expect(await updates.next()).toEqual(['SEGMENT', 'browsing', 'scarf']);
    const { changedAt, ...left } = await changes.next();
    expect(left).toEqual({ move: 'LEFT', customerId: 'c00009', cause: { kind: 'TIME', subject: null } });
    expect(Date.parse(changedAt)).toBeLessThanOrEqual(Date.now());
    expect(await updates.next()).toEqual(['TIME', 'browsing', 'boots']);
    changes.close();
    await updates.close();
  });

  it('is for those who may, and of the own tenant', async () => {
    await expect(changesOf('nosuch').next()).rejects.toThrow(/NOT_FOUND/);
  });
});

describe('a list that comes as CSV', () => {
  it('is taken whole, each customer once, and strangers are counted', async () => {
    const csv = `\uFEFFcustomerId,expiresAt\r\nc00001,\r\nc00002,${later}\r\n"c00001",\r\nnobody,\r\n\r\n`;
    expect(await upload(csv)).toEqual([200, { rows: 4, added: 2, updated: 0, unchanged: 0, unknown: 1 }]);
    expect(await upload(csv)).toEqual([200, { rows: 4, added: 0, updated: 0, unchanged: 2, unknown: 1 }]);
    expect(await upload('customerId\nc00002')).toEqual([200, { rows: 1, added: 0, updated: 1, unchanged: 0, unknown: 0 }]);
    expect(await memberCount()).toBe(2);
  });

  it('is refused with the line and the column of the first fault, and nothing is done', async () => {
    const before = await memberCount();
    const refused = async (csv: string): Promise<unknown> => upload(csv);
    expect(await refused('customerId,expiresAt\nc00003,\nc00004,soon\n')).toEqual([400, [['INVALID_INPUT', '/3/expiresAt']]]);
    expect(await refused('customerId,expiresAt\nc00003,2020-01-01T00:00:00Z\n')).toEqual([400, [['INVALID_INPUT', '/2/expiresAt']]]);
    expect(await refused(`customerId\nc00003\n${'x'.repeat(129)}\n`)).toEqual([400, [['INVALID_INPUT', '/3/customerId']]]);
    expect(await refused('customerId\nc00003,c00004\n')).toEqual([400, [['INVALID_INPUT', '/2']]]);
    expect(await refused('customerId\n"c00003\n')).toEqual([400, [['INVALID_INPUT', expect.stringMatching(/^\/\d+$/)]]]);
    expect(await refused('customer\nc00003\n')).toEqual([400, [['INVALID_INPUT', '/1']]]);
    expect(await refused('')).toEqual([400, [['INVALID_INPUT', '/1']]]);
    expect(await refused(`customerId\n${'c00003\n'.repeat(10_001)}`)).toEqual([413, [['LIMIT_EXCEEDED', '']]]);
    expect(await memberCount()).toBe(before);
  });

  it('is for lists alone, of the own tenant, and for keys that may', async () => {
    expect(await upload('customerId\nc00003', { segment: 'nosuch' })).toEqual([404, [['NOT_FOUND', '/segment']]]);
    expect(await upload('customerId\nc00003', { key: await shop.keys.browser('c00003') })).toEqual([403, [['FORBIDDEN', undefined]]]);
    expect(await upload('customerId\nc00003', { key: '' })).toEqual([401, [['UNAUTHENTICATED', undefined]]]);
    expect(await upload('{}', { type: 'application/json' })).toEqual([400, [['INVALID_INPUT', '']]]);
  });

  it('is sent by the command line, of any length, which names the line of the file that is at fault', async () => {
    const said: string[] = [];
    const run = async (lines: readonly string[]): Promise<0 | 1> => {
      const file = path.join(folder, 'members.csv');
      await writeFile(file, lines.join('\n'));
      const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) };
      const never = (): never => { throw new Error('not asked for'); };
      return runCommandLine(['segment', 'import', 'vips of May/June', file, '--json'], {
        version: '1', terminal, client: { url: shop.url, key: shop.keys.server, dataFolder: folder }, serve: never, migrate: never,
      });
    };
    expect(await run(['customerId', ...customers])).toBe(0);
    expect(JSON.parse(said.pop() ?? '')).toEqual({ rows: 12_000, added: 11_998, updated: 0, unchanged: 2, unknown: 0 });
    expect(await memberCount()).toBe(12_000);
    expect(await run(['customerId', '', ...customers.slice(0, 7000), '', '\u0001'])).toBe(1);
    expect(said.pop()).toMatch(/^The server refused line 7004: .*\(INVALID_INPUT\)$/);
  });
});
