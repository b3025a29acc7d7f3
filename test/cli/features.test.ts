import { afterAll, describe, expect, it } from '@jest/globals';
import type { ParityReport } from '../../src/cli/parity.js';
import { runCommandLine } from '../../src/cli/program.js';
import type { RecomputeReport } from '../../src/cli/recompute.js';
import { testDatabase } from '../support/postgres.js';
import { startDemoServer } from './running-server.js';

const { pool } = await testDatabase();
const server = await startDemoServer(pool);
afterAll(() => server.stop());

async function run(...args: readonly string[]): Promise<{ readonly status: number; readonly out: readonly string[]; readonly err: readonly string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line) };
  const fail = async (): Promise<never> => { throw new Error('Not asked for'); };
  const status = await runCommandLine(args, { version: '0', terminal, client: { url: server.url, key: server.keys.admin, dataFolder: '.' }, serve: fail, migrate: fail });
  return { status, out, err };
}
const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse((await run(...args, '--json')).out.join('')) as T;

describe('attune parity and recompute', () => {
  it('find the demo shop right, then what is put wrong, and put it right', async () => {
    // At the first start everybody is due; what is not settled is not compared.
    for (let i = 0; i < 100 && (await json<ParityReport>('parity', '--sample', '300')).unsettled > 0; i++) await new Promise(resolve => setTimeout(resolve, 100));
    const right = await json<ParityReport>('parity', '--sample', '300');
    expect(right.customers).toBe(300);
    expect(right.features.map(it => it.name)).toContain('engagement_score');
    expect(right.features.filter(it => it.differing > 0)).toEqual([]);

    await pool.query(`UPDATE customer_features SET value = '0.123' WHERE tenant_id = 'demo' AND name = 'engagement_score'`);
    const done = await json<RecomputeReport>('recompute');
    expect(done).toMatchObject({ state: 'DONE', total: 300, done: 300, failure: null });
    expect(done.changed).toBeGreaterThan(250);
    expect((await run('recompute')).out).toEqual([expect.stringMatching(/^300 customers recounted in \d+\.\d s; 0 changed\.$/)]);
    const table = (await run('parity')).out;
    expect(table[0]).toMatch(/^feature +compared +differing +greatest difference$/);
    expect(table.find(it => it.startsWith('engagement_score'))).toMatch(/^engagement_score +\d+ +0$/);
  });

  it('refuse what is no sample', async () => {
    expect(await run('parity', '--sample', '0')).toMatchObject({ status: 1 });
    expect(await run('parity', '--sample', '2.5')).toMatchObject({ status: 1 });
    expect((await run('parity', '--sample', '5001')).err.join()).toContain('INVALID_INPUT');
  });
});
