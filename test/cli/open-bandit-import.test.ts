import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Client } from '../../src/cli/client.js';
import { describeImport, importOpenBandit } from '../../src/cli/open-bandit/import-open-bandit.js';
import type { DecisionInput } from '../../src/cli/open-bandit/rows.js';
import { parseImport } from '../../src/decisions/import/import-decisions.schema.js';

const header = ',timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1,user-item_affinity_0,user-item_affinity_1';
const good = (n: number): string => `${n},2019-11-24 00:0${n}:03.979311+00:00,${n % 2},2,${n % 2},0.25,cef3,${n % 3},0.0,1.5`;
const items = ',item_id,item_feature_0,item_feature_1\n0,0,-0.67,c82d\n1,1,0.72,7749\n';

/** Keeps what it is sent as the server does: once by its id. */
class FakeServer implements Client {
  readonly items = new Set<string>();
  readonly placements: string[] = [];
  readonly decisions = new Map<string, DecisionInput>();
  readonly outcomes = new Set<string>();

  async request(_document: string, variables: Readonly<Record<string, unknown>>): Promise<unknown> {
    if ('placement' in variables) this.placements.push((variables['placement'] as { readonly id: string }).id);
    else if ('input' in variables) return this.#import(variables['input'] as { readonly decisions: readonly DecisionInput[] });
    else for (const item of Object.values(variables)) this.items.add((item as { readonly id: string }).id);
    return {};
  }

  #import(input: { readonly decisions: readonly DecisionInput[] }): unknown {
    parseImport(input);
    const before = [this.decisions.size, this.outcomes.size] as const;
    for (const decision of input.decisions) {
      this.decisions.set(decision.id, decision);
      for (const { id } of decision.outcomes) this.outcomes.add(id);
    }
    return { importDecisions: { decisions: this.decisions.size - before[0], outcomes: this.outcomes.size - before[1] } };
  }
}

const quiet = { out: () => undefined, err: () => undefined };
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'attune-import-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function putLog(lines: readonly string[], cut = 0): Promise<void> {
  const zipped = gzipSync([header, ...lines, ''].join('\n'));
  await writeFile(path.join(folder, 'bts-shoes.csv.gz'), zipped.subarray(0, zipped.length - cut));
  await writeFile(path.join(folder, 'bts-shoes-items.csv'), items);
}

describe('importOpenBandit', () => {
  it('sends items, the placement, decisions with their true propensities, and outcomes', async () => {
    await putLog([good(0), good(1)]);
    const server = new FakeServer();

    const [report] = await importOpenBandit(folder, server, quiet);

    expect(report).toMatchObject({ log: 'bts-shoes', items: 2, rows: 2, decisions: { new: 2, known: 0 }, outcomes: { new: 3, known: 0 }, broken: 0 });
    expect([...server.items]).toEqual(['bts-shoes-0', 'bts-shoes-1']);
    expect(server.placements).toEqual(['bts-shoes']);
    const [first, second] = [...server.decisions.values()];
    expect(first).toMatchObject({
      decidedAt: '2019-11-24T00:00:03.979Z',
      itemId: 'bts-shoes-0',
      position: 2,
      propensity: 0.25,
      attributes: { user_feature_0: 'cef3', user_feature_1: '0' },
      context: { position: 2, 'affinity_bts-shoes-1': 1.5 },
    });
    expect(first?.outcomes.map(it => it.kind)).toEqual(['IMPRESSION']);
    expect(second?.outcomes.map(it => it.kind)).toEqual(['IMPRESSION', 'CLICK']);
  });

  it('finds nothing new when it is run again, and only what is missing when lines are mended', async () => {
    await putLog([good(0), 'torn', good(2)]);
    const server = new FakeServer();
    await importOpenBandit(folder, server, quiet);

    const [again] = await importOpenBandit(folder, server, quiet);
    await putLog([good(0), good(1), good(2)]);
    const [mended] = await importOpenBandit(folder, server, quiet);

    expect(again).toMatchObject({ decisions: { new: 0, known: 2 }, outcomes: { new: 0, known: 2 }, broken: 1 });
    expect(mended).toMatchObject({ decisions: { new: 1, known: 2 }, broken: 0 });
  });

  it.each([
    ['too few values', '3,2019-11-24 00:00:03+00:00,1', 'it has not one value for each column'],
    ['a time that is none', good(3).replace('2019-11-24', '2019-99-24'), 'timestamp is not a time'],
    ['an item that is not in the list', good(3).replace('+00:00,1,', '+00:00,7,'), 'item_id is not among the items'],
    ['a propensity of 0', good(3).replace('0.25', '0'), 'propensity_score is out of range'],
    ['a propensity above 1', good(3).replace('0.25', '1.5'), 'propensity_score is out of range'],
    ['an empty propensity', good(3).replace('0.25', ''), 'propensity_score is missing'],
    ['a click that is neither 0 nor 1', good(3).replace(',2,1,0.25', ',2,maybe,0.25'), 'click is out of range'],
    ['a quote that does not end', good(3).replace('2019', '"2019'), 'timestamp is not a time'],
  ])('counts and names a line with %s, and goes on', async (_case, line, why) => {
    await putLog([good(0), line, good(2)]);

    const reports = await importOpenBandit(folder, new FakeServer(), quiet);

    expect(reports[0]).toMatchObject({ rows: 3, decisions: { new: 2, known: 0 }, broken: 1 });
    expect(describeImport(reports).at(-1)).toBe(`${path.join(folder, 'bts-shoes.csv.gz')}:3: ${why}`);
  });

  it('keeps what could be read of a file that breaks off', async () => {
    await putLog(Array.from({ length: 5000 }, (_, n) => good(n % 10)), 500);

    const [report] = await importOpenBandit(folder, new FakeServer(), quiet);

    expect(report?.rows).toBeGreaterThan(1000);
    expect(report?.broken).toBeGreaterThanOrEqual(1);
    expect(report?.brokenLines.at(-1)?.why).toMatch(/^the file cannot be read on/);
  });

  it('refuses a folder without logs, and a log without its items', async () => {
    await expect(importOpenBandit(folder, new FakeServer(), quiet)).rejects.toThrow('holds no <policy>-<campaign>.csv.gz');
    await writeFile(path.join(folder, 'bts-shoes.csv.gz'), gzipSync(header));
    await expect(importOpenBandit(folder, new FakeServer(), quiet)).rejects.toThrow('lacks its bts-shoes-items.csv');
  });

  const real = path.resolve('../shared/data/open-bandit');
  (existsSync(real) || process.env['CI'] ? it : it.skip)('reads every row of the real logs', async () => {
    const server = new FakeServer();

    const reports = await importOpenBandit(real, server, quiet);

    const text = gunzipSync(await readFile(path.join(real, 'bts-men.csv.gz'))).toString();
    expect(reports.map(({ log, rows, broken }) => ({ log, rows, broken }))).toEqual([
      { log: 'bts-men', rows: text.trimEnd().split('\n').length - 1, broken: 0 },
      { log: 'random-men', rows: 10_000, broken: 0 },
    ]);
    expect(server.decisions.size).toBe(20_000);
    const clicks = [...server.outcomes].filter(id => id.endsWith('-click'));
    expect([clicks.filter(id => id.startsWith('random-')).length, clicks.filter(id => id.startsWith('bts-')).length]).toEqual([46, 69]);
  });
});
