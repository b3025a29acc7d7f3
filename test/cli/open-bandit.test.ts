import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { Evaluation } from '../../src/cli/evaluate.js';
import { runCommandLine } from '../../src/cli/program.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithSharedData } from '../support/shared-data.js';
import { startDemoServer, type RunningServer } from './running-server.js';

/** As published beside the data: the value of the uniform policy by the log of the other one. */
const published = { ips: 0.0030086263, snips: 0.0031894232, effectiveSampleSize: 655.7 } as const;

const { pool } = await testDatabase();
let server: RunningServer;
let out: string[];

beforeAll(async () => {
  server = await startDemoServer(pool);
}, 60_000);
afterAll(async () => {
  await server.stop();
});

async function attune(...args: readonly string[]): Promise<unknown> {
  out = [];
  const status = await runCommandLine([...args, '--json'], {
    version: '0',
    terminal: { out: line => out.push(line), err: line => { throw new Error(line); } },
    client: { url: server.url, key: server.keys.admin, dataFolder: '' },
    serve: async () => undefined,
    migrate: async () => [],
  });
  expect(status).toBe(0);
  return JSON.parse(out.join('\n'));
}

/** By the definitions, from the file's columns: w = (1 / 34) / propensity_score, IPS = mean of w r, SNIPS = sum of w r / sum of w. */
async function uniformFrom(file: string): Promise<{ readonly ips: number; readonly snips: number; readonly effectiveSampleSize: number; readonly maxWeight: number }> {
  const [header = '', ...lines] = gunzipSync(await readFile(file)).toString().trimEnd().split('\n');
  const [click, propensity] = ['click', 'propensity_score'].map(it => header.split(',').indexOf(it));
  const rows = lines.map(it => it.split(',').map(Number)).map(it => ({ r: it[click ?? -1] ?? Number.NaN, w: 1 / 34 / (it[propensity ?? -1] ?? Number.NaN) }));
  const sum = (of: (row: { readonly r: number; readonly w: number }) => number): number => rows.reduce((total, row) => total + of(row), 0);
  const weights = sum(({ w }) => w);
  return {
    ips: sum(({ w, r }) => w * r) / rows.length,
    snips: sum(({ w, r }) => w * r) / weights,
    effectiveSampleSize: weights ** 2 / sum(({ w }) => w * w),
    maxWeight: Math.max(...rows.map(({ w }) => w)),
  };
}

describeWithSharedData('the Open Bandit logs', 'data/open-bandit', folder => {
  const log = (name: string, isNew: boolean, clicks: number) => ({
    log: name,
    items: 34,
    rows: 10_000,
    decisions: isNew ? { new: 10_000, known: 0 } : { new: 0, known: 10_000 },
    outcomes: isNew ? { new: 10_000 + clicks, known: 0 } : { new: 0, known: 10_000 + clicks },
    broken: 0,
    brokenLines: [],
  });

  it('are imported whole, and a second time there is nothing new', async () => {
    const started = performance.now();
    expect(await attune('import', 'open-bandit', folder)).toEqual({ logs: [log('bts-men', true, 69), log('random-men', true, 46)] });
    process.stdout.write(`      imported 20,000 rows in ${((performance.now() - started) / 1000).toFixed(1)} s\n`);
    expect(await attune('import', 'open-bandit', folder)).toEqual({ logs: [log('bts-men', false, 69), log('random-men', false, 46)] });
  }, 120_000);

  it('give the published value of the uniform policy from the log of another one', async () => {
    const evaluation = (await attune('evaluate', '--log', 'bts-men', '--policy', 'uniform')) as Evaluation;

    expect(evaluation).toMatchObject({ log: 'bts-men', policy: 'uniform', decisions: 10_000, supported: true, replay: null });
    expect(Math.abs((evaluation.ips?.value ?? 0) - published.ips)).toBeLessThan(1e-9);
    expect(Math.abs((evaluation.snips?.value ?? 0) - published.snips)).toBeLessThan(1e-9);
    expect(evaluation.effectiveSampleSize).toBeCloseTo(published.effectiveSampleSize, 1);
    const recomputed = await uniformFrom(path.join(folder, 'bts-men.csv.gz'));
    expect(Math.abs((evaluation.ips?.value ?? 0) - recomputed.ips)).toBeLessThan(1e-12);
    expect(Math.abs((evaluation.snips?.value ?? 0) - recomputed.snips)).toBeLessThan(1e-12);
    expect(evaluation.effectiveSampleSize).toBeCloseTo(recomputed.effectiveSampleSize, 9);
    expect(evaluation.maxWeight).toBeCloseTo(recomputed.maxWeight, 9);
    for (const estimate of [evaluation.ips, evaluation.snips]) {
      expect(estimate?.low).toBeLessThan(estimate?.value ?? 0);
      expect(estimate?.high).toBeGreaterThan(estimate?.value ?? 0);
    }
  });

  it("give the uniform policy's own click rate from its own log", async () => {
    const evaluation = (await attune('evaluate', '--log', 'random-men', '--policy', 'uniform')) as Evaluation;

    expect(evaluation).toMatchObject({ decisions: 10_000, supported: true });
    expect(Math.abs((evaluation.ips?.value ?? 0) - 0.0046)).toBeLessThan(1e-9);
    expect(Math.abs((evaluation.snips?.value ?? 0) - 0.0046)).toBeLessThan(1e-9);
    expect(evaluation.effectiveSampleSize).toBeCloseTo(10_000, 6);
  });

  it('let a policy that learns run over the log of chance, and over no other', async () => {
    const learning = (await attune('evaluate', '--log', 'random-men', '--policy', 'linucb')) as Evaluation;
    const refused = (await attune('evaluate', '--log', 'bts-men', '--policy', 'linucb')) as Evaluation;

    // Each of its choices is the log's with a probability of 1 / 34.
    const expected = 10_000 / 34;
    expect(Math.abs((learning.replay?.matched ?? 0) - expected)).toBeLessThan(4 * Math.sqrt(expected * (1 - 1 / 34)));
    expect(learning).toMatchObject({ supported: true, ips: null, snips: null });
    expect(learning.replay?.low).toBeLessThanOrEqual(learning.replay?.value ?? 0);
    expect(learning.replay?.high).toBeGreaterThan(learning.replay?.value ?? 1);
    expect(refused).toMatchObject({ supported: false, reason: 'NOT_UNIFORM', replay: null });
  });
});
