import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Conflict, DependencyUnavailable } from '../kernel/errors.js';
import { findPostgresBinaries, handOver, type PostgresBinaries } from './postgres-binaries.js';
import { endLeftover, exitOf, PostgresProcess, startProgram, type PostgresProcessOptions } from './postgres-process.js';
import { tryLock } from './process-lock.js';

export interface EmbeddedPostgres {
  /** postgres:// address with user and password, on 127.0.0.1. */
  readonly url: string;
  /** Ends it after what is under way has been rolled back; the data stays. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions extends PostgresProcessOptions {
  /** Holds the data, the password and the log of PostgreSQL; made where it is missing. */
  readonly folder: string;
}

/**
 * Starts the PostgreSQL that npm has installed, on a free port of the loopback interface, and sets up its data the first time.
 * What an earlier process left behind when it was killed, a running PostgreSQL too, is ended first; nothing that was committed is lost.
 *
 * @throws Conflict where another process uses the folder
 * @throws DependencyUnavailable where PostgreSQL cannot be run here, with the reason
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = path.resolve(options.folder);
  const binaries = await findPostgresBinaries();
  await mkdir(folder, { recursive: true });
  await handOver(folder, binaries);
  const lock = await tryLock(path.join(folder, 'owner.json'));
  if ('heldBy' in lock) {
    throw new Conflict(`The data in ${folder} is in use by process ${lock.heldBy}: stop that one, or set ATTUNE_DATA to another folder`);
  }
  try {
    const data = path.join(folder, 'data');
    await endLeftover(data);
    const password = await readPassword(folder, binaries);
    if (!existsSync(data)) await initialize(folder, binaries);
    const server = new PostgresProcess(folder, binaries, options);
    const port = await server.start();
    return {
      url: `postgres://attune:${password}@127.0.0.1:${port}/postgres`,
      stop: async () => {
        await server.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function readPassword(folder: string, binaries: PostgresBinaries): Promise<string> {
  const file = path.join(folder, 'password');
  const there = await readFile(file, 'utf8').catch(() => '');
  if (there !== '') return there;
  const password = randomBytes(18).toString('hex');
  await writeFile(`${file}.new`, password, { mode: 0o600 });
  await handOver(`${file}.new`, binaries);
  await rename(`${file}.new`, file);
  return password;
}

/** Under another name until it is complete: a folder called `data` is never half made. */
async function initialize(folder: string, binaries: PostgresBinaries): Promise<void> {
  const draft = path.join(folder, 'data.new');
  await rm(draft, { recursive: true, force: true });
  const args = ['-D', draft, '-U', 'attune', '-A', 'scram-sha-256', `--pwfile=${path.join(folder, 'password')}`, '-E', 'UTF8', '--no-locale', '--no-instructions'];
  const child = startProgram(binaries, binaries.initdb, { args, cwd: folder, output: 'pipe' });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const exit = await exitOf(child);
  if (exit !== 'exit code 0') throw new DependencyUnavailable(`The embedded database could not be set up in ${folder} (${exit}):\n${output.trim()}`);
  await rename(draft, path.join(folder, 'data'));
}
