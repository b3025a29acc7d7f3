import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ChangeReport, ComparisonReport, FeatureReport, VersionReport } from '../../src/cli/feature-versions.js';
import { runCommandLine } from '../../src/cli/program.js';
import { testDatabase } from '../support/postgres.js';
import { startDemoServer } from './running-server.js';

const { pool } = await testDatabase();
const server = await startDemoServer(pool);
const folder = await mkdtemp(path.join(tmpdir(), 'attune-features-'));
afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
});

async function runOn(screen: NodeJS.WritableStream | undefined, ...args: readonly string[]): Promise<{ readonly status: number; readonly out: readonly string[]; readonly err: readonly string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line), screen };
  const fail = async (): Promise<never> => { throw new Error('Not asked for'); };
  const status = await runCommandLine(['features', ...args], { version: '0', terminal, client: { url: server.url, key: server.keys.admin, dataFolder: '.' }, serve: fail, migrate: fail });
  return { status, out, err };
}
const run = (...args: readonly string[]): ReturnType<typeof runOn> => runOn(undefined, ...args);
const json = async <T>(...args: readonly string[]): Promise<T> => JSON.parse((await run(...args, '--json')).out.join('')) as T;

const definition = (windowMs: number): object => ({
  name: 'page_views_30d', description: 'Page views', valueType: 'number', ttlMs: 86_400_000, aggregate: { function: 'count', event: 'page_view', windowMs },
});
async function fileOf(content: string): Promise<string> {
  const file = path.join(folder, 'definition.json');
  await writeFile(file, content);
  return file;
}
const stated = async (): Promise<readonly (readonly unknown[])[]> =>
  (await json<{ versions: readonly VersionReport[] }>('list', 'page_views_30d')).versions.map(it => [it.version, it.state]);

describe('attune features', () => {
  it('proposes a version, follows it, compares, promotes and rolls it back', async () => {
    const { features } = await json<{ features: readonly FeatureReport[] }>('list');
    expect(features.find(it => it.name === 'page_views_30d')).toMatchObject({ kind: 'behavioral', valueType: 'number' });
    expect((await run('list')).out[0]).toMatch(/^feature +kind +values +version$/);
    expect((await run('progress', 'page_views_30d')).out).toEqual(['There is no work for page_views_30d.']);

    const proposed = await json<VersionReport>('propose', await fileOf(JSON.stringify(definition(86_400_000))));
    expect(proposed).toMatchObject({ version: 2, state: 'CANDIDATE', job: { kind: 'fill', total: 300, done: 300, finishedAt: expect.any(String) } });
    expect(await stated()).toEqual([[1, 'LIVE'], [2, 'CANDIDATE']]);
    let drawn = '';
    const screen = Object.assign(new Writable({ write(chunk, _encoding, done) { drawn += String(chunk); done(); } }), { isTTY: true });
    expect((await runOn(screen, 'progress', 'page_views_30d')).out).toEqual(['page_views_30d, version 2: computed for 300 of 300 customers']);
    expect(drawn).toMatch(/computed .* 100% 300\/300 customers/);
    expect((await run('list', 'page_views_30d')).out[2]).toMatch(/^2 +candidate +behavioral +computed for 300 of 300 customers$/);

    const compared = await json<ComparisonReport>('compare', 'page_views_30d');
    expect(compared).toMatchObject({ live: { version: 1, customers: 300 }, candidate: { version: 2, customers: 300 } });
    expect(compared.differing).toBeGreaterThan(0);
    const lines = (await run('compare', 'page_views_30d')).out;
    expect(lines[1]).toMatch(/^version +1 +2$/);
    expect(lines).toContain(`${(compared.differing * 100).toFixed(1)} % of the customers have another value.`);

    expect((await run('promote', 'page_views_30d')).out).toEqual(['page_views_30d is computed as in version 2; customers follow.']);
    expect(await stated()).toEqual([[1, 'PAST'], [2, 'LIVE']]);
    expect(await json<ChangeReport>('roll-back', 'page_views_30d')).toMatchObject({ name: 'page_views_30d', version: 1 });
    expect((await run('roll-back', 'page_views_30d', '--to', '2')).out).toEqual(['page_views_30d is computed as in version 2; customers follow.']);
    expect(await stated()).toEqual([[1, 'PAST'], [2, 'LIVE']]);
  });

  it('says what stands in the way', async () => {
    expect((await run('propose', path.join(folder, 'nothing.json'))).err.join()).toContain('nothing.json cannot be read.');
    expect((await run('propose', await fileOf('{'))).err.join()).toContain('is no JSON.');
    expect(await run('propose', await fileOf(JSON.stringify(definition(1000))))).toMatchObject({ status: 1, err: [expect.stringContaining('INVALID_INPUT')] });
    expect((await run('promote', 'no_such_feature')).err.join()).toContain('NOT_FOUND');
    expect((await run('list', 'no_such_feature')).err.join()).toContain('NOT_FOUND');
    expect((await run('compare', 'purchases_30d')).err.join()).toMatch(/NOT_FOUND|CONFLICT/);
    expect(await run('roll-back', 'page_views_30d', '--to', '0')).toMatchObject({ status: 1 });
  });

  it('has help for each of its commands', async () => {
    for (const it of ['list', 'propose', 'progress', 'compare', 'promote', 'roll-back']) {
      const { status, out } = await run(it, '--help');
      expect([it, status, out.join('\n')]).toEqual([it, 0, expect.stringContaining('--json')]);
    }
  });
});
