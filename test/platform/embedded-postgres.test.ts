import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from '../../src/platform/embedded-postgres.js';
import { isAlive } from '../../src/platform/process-lock.js';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (let undo = cleanUps.pop(); undo !== undefined; undo = cleanUps.pop()) await undo();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-embedded-'));
  cleanUps.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres(options);
  cleanUps.push(() => server.stop());
  return server;
}

/** Another process that starts the server and can be killed. */
async function startElsewhere(folder: string): Promise<{ readonly owner: ChildProcess; readonly url: string; readonly postgresPid: number }> {
  const script = path.join(import.meta.dirname, 'embedded-postgres.process.ts');
  const loader = path.join(import.meta.dirname, '../../.ci/swc-loader.mjs');
  const owner = spawn(process.execPath, ['--import', loader, script, folder], { stdio: ['ignore', 'pipe', 'inherit'], env: { PATH: process.env['PATH'] } });
  cleanUps.push(async () => owner.kill('SIGKILL'));
  const [url] = (await once(owner.stdout, 'data')) as [Buffer];
  return { owner, url: url.toString().trim(), postgresPid: await postgresPidIn(folder) };
}

async function postgresPidIn(folder: string): Promise<number> {
  return Number((await readFile(path.join(folder, 'data/postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function query(url: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await client.end();
  }
}

async function eventually<T>(attempt: () => Promise<T>): Promise<T> {
  for (let i = 0; ; i++) {
    try {
      return await attempt();
    } catch (error) {
      if (i === 100) throw error;
      await sleep(100);
    }
  }
}

describe('the embedded PostgreSQL', () => {
  it('keeps its data from one start to the next, and ends with stop', async () => {
    const folder = path.join(await newFolder(), 'made/here');
    const first = await start({ folder });
    const pid = await postgresPidIn(folder);
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();
    expect(isAlive(pid)).toBe(false);
    const second = await start({ folder });
    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('lets nobody in without the password', async () => {
    const { url } = await start({ folder: await newFolder() });
    await expect(query(Object.assign(new URL(url), { password: 'guess' }).href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('has one process at a time on its folder, and says which', async () => {
    const folder = await newFolder();
    const { owner } = await startElsewhere(folder);
    await expect(start({ folder })).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining(`process ${owner.pid}`) });
  });

  it('takes over from a process that was killed and left PostgreSQL running', async () => {
    const folder = await newFolder();
    const { owner, url, postgresPid } = await startElsewhere(folder);
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await kill(owner);
    expect(isAlive(postgresPid)).toBe(true);
    const next = await start({ folder });
    expect(isAlive(postgresPid)).toBe(false);
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('recovers what was committed when both were killed', async () => {
    const folder = await newFolder();
    const { owner, url, postgresPid } = await startElsewhere(folder);
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(postgresPid, 'SIGKILL');
    await kill(owner);
    const next = await start({ folder });
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });

  it('does not mistake another process for the PostgreSQL whose number it has got', async () => {
    const folder = await newFolder();
    await (await start({ folder })).stop();
    const stranger = spawn('sleep', ['60']);
    cleanUps.push(() => kill(stranger));
    await writeFile(path.join(folder, 'data/postmaster.pid'), `${stranger.pid}\n${path.join(folder, 'data')}\n`);
    await start({ folder });
    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  it('starts again at the same address when PostgreSQL is killed alone', async () => {
    const folder = await newFolder();
    const crashes: string[] = [];
    const { url } = await start({ folder, onCrash: exit => crashes.push(exit) });
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    process.kill(await postgresPidIn(folder), 'SIGKILL');
    expect(await eventually(() => query(url, 'SELECT answer FROM kept'))).toEqual([{ answer: 42 }]);
    expect(crashes[0]).toBe('signal SIGKILL');
  });

  it('sets the data up anew when that was cut short', async () => {
    const folder = await newFolder();
    await mkdir(path.join(folder, 'data.new'));
    await writeFile(path.join(folder, 'data.new/PG_VERSION'), '18\n');
    const { url } = await start({ folder });
    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(path.join(folder, 'data.new'))).toBe(false);
  });

  it('says what PostgreSQL said when it does not start, and lets the folder go', async () => {
    const folder = await newFolder();
    await expect(start({ folder, settings: { shared_buffers: 'plenty' } })).rejects.toMatchObject({ code: 'UNAVAILABLE', message: expect.stringContaining('shared_buffers') });
    await start({ folder });
  });
});
