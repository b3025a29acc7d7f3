import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DependencyUnavailable } from '../kernel/errors.js';
import { freePort } from './free-port.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { isAlive } from './process-lock.js';

export interface PostgresProcessOptions {
  /** Further settings, as in postgresql.conf. */
  readonly settings?: Readonly<Record<string, string>>;
  /** PostgreSQL has ended by itself; it is started again at the same address. */
  readonly onCrash?: (exit: string) => void;
}

const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200', wal_level: 'minimal', max_wal_senders: '0', jit: 'off', shared_buffers: '512MB' };
const startTimeoutMs = 60_000;
const stopTimeoutMs = 20_000;
const restartPauseMs = 500;
const pollMs = 15;
const maxLogBytes = 10_000_000;

/** A PostgreSQL on the data of a folder, kept running at one port until it is stopped. */
export class PostgresProcess {
  readonly #folder: string;
  readonly #data: string;
  readonly #binaries: PostgresBinaries;
  readonly #options: PostgresProcessOptions;
  #restarting: Promise<void> | undefined;
  #state: { readonly at: 'down' | 'stopping' } | { readonly at: 'up'; readonly child: ChildProcess } = { at: 'down' };

  constructor(folder: string, binaries: PostgresBinaries, options: PostgresProcessOptions) {
    this.#folder = folder;
    this.#data = path.join(folder, 'data');
    this.#binaries = binaries;
    this.#options = options;
  }

  async start(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const port = await freePort();
      try {
        await this.#launch(port);
        return port;
      } catch (error) {
        if (attempt >= 5 || !(error instanceof DependencyUnavailable) || !isPassing(error.message)) throw error;
        await sleep(restartPauseMs);
      }
    }
  }

  /** Resolves when it has ended. */
  async stop(): Promise<void> {
    const child = this.#state.at === 'up' ? this.#state.child : undefined;
    this.#state = { at: 'stopping' };
    if (child !== undefined) await endChild(child);
    await this.#restarting;
  }

  async #launch(port: number): Promise<void> {
    const log = path.join(this.#folder, 'postgres.log');
    const sizeBefore = await stat(log).then(it => it.size, () => 0);
    const output = await open(log, sizeBefore > maxLogBytes ? 'w' : 'a', 0o600);
    const all = { ...settings, ...this.#options.settings, port: String(port) };
    const child = startProgram(this.#binaries, this.#binaries.postgres, {
      args: ['-D', this.#data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
      cwd: this.#folder,
      output: output.fd,
    });
    await output.close();
    const exited = exitOf(child);
    const started = await Promise.race([becomesReady(this.#data, child), exited]);
    if (started !== 'ready') {
      const written = (await readFile(log)).subarray(sizeBefore > maxLogBytes ? 0 : sizeBefore).toString().trim();
      throw new DependencyUnavailable(`PostgreSQL did not start (${started}); its log ${log} ends with:\n${written.split('\n').slice(-5).join('\n')}`);
    }
    if (this.#state.at === 'stopping') {
      await endChild(child);
      return;
    }
    this.#state = { at: 'up', child };
    void exited.then(exit => {
      if (this.#state.at !== 'stopping') this.#restarting = this.#restart(exit, port);
    });
  }

  async #restart(exit: string, port: number): Promise<void> {
    this.#state = { at: 'down' };
    for (let reason = exit; ; ) {
      this.#options.onCrash?.(reason);
      await sleep(restartPauseMs);
      if (this.#isStopping()) return;
      try {
        await this.#launch(port);
        return;
      } catch (error) {
        reason = error instanceof Error ? error.message : String(error);
      }
    }
  }

  #isStopping(): boolean {
    return this.#state.at === 'stopping';
  }
}

interface Start {
  readonly args: readonly string[];
  readonly cwd: string;
  /** File descriptor for both outputs. */
  readonly output: number | 'pipe';
}

/** In a process group of its own, so that Ctrl-C in a terminal reaches us alone and we end it after our own work. */
export function startProgram({ prefix, owner }: PostgresBinaries, program: string, { args, cwd, output }: Start): ChildProcess {
  const [command = program, ...rest] = [...prefix, program, ...args];
  return spawn(command, rest, { cwd, detached: true, stdio: ['ignore', output, output], env: { PATH: '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' }, ...owner });
}

export function exitOf(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(code === null ? `signal ${signal ?? 'unknown'}` : `exit code ${code}`);
    });
  });
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

async function endChild(child: ChildProcess): Promise<void> {
  if (child.pid !== undefined && !hasEnded(child)) await end(child.pid);
}

/** The last line of postmaster.pid says when connections are taken. */
async function becomesReady(data: string, child: ChildProcess): Promise<string> {
  for (const until = Date.now() + startTimeoutMs; Date.now() < until && !hasEnded(child); ) {
    const { pid, status } = await readPidFile(data);
    if (pid === child.pid && status === 'ready') return 'ready';
    await sleep(pollMs);
  }
  await endChild(child);
  return 'it was not ready in time';
}

async function readPidFile(data: string): Promise<{ readonly pid: number | undefined; readonly status: string | undefined }> {
  const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return { pid: Number(lines[0]) || undefined, status: lines[7]?.trim() };
}

/** Port taken meanwhile, or the last processes of a PostgreSQL that was killed are still on their way out. */
function isPassing(message: string): boolean {
  return /Address already in use|could not create any TCP|pre-existing shared memory|lock file "postmaster\.pid"/.test(message);
}

/** Ends a PostgreSQL that has outlived the process that started it, and removes the lock file of one that has not. */
export async function endLeftover(data: string): Promise<void> {
  const { pid } = await readPidFile(data);
  if (pid === undefined) return;
  if (isAlive(pid) && (await isPostgresOn(pid, data))) await end(pid);
  else await rm(path.join(data, 'postmaster.pid'), { force: true });
}

async function isPostgresOn(pid: number, data: string): Promise<boolean> {
  if (existsSync('/proc/self/cmdline')) return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').includes(data);
  return (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='])).stdout.includes(data);
}

/** By a fast shutdown (it rolls back what is under way), then an immediate one (the next start recovers), then by force. */
async function end(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (const until = Date.now() + stopTimeoutMs; Date.now() < until; ) {
      if (!isAlive(pid)) return;
      await sleep(pollMs);
    }
  }
}
