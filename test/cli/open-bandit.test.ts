import 'reflect-metadata';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { runCommandLine } from '../../src/cli/program.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithSharedData } from '../support/shared-data.js';
import { startDemoServer, type RunningServer } from './running-server.js';

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
});
