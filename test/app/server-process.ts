import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DemoKeys } from '../../src/demo/demo.module.js';

const root = path.join(import.meta.dirname, '../..');
const startTimeoutMs = 60_000;

export interface ServerProcess {
  readonly url: string;
  readonly pid: number;
  readonly keys: DemoKeys;
  /** All that it has written to its log and to the terminal. */
  readonly output: () => string;
  /** Sends the signal; resolves when the process has ended, with its exit code or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  signal(signal: NodeJS.Signals): void;
}

export interface ServerProcessOptions {
  readonly dataFolder: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A module that is loaded before the server. */
  readonly preload?: string;
}

/** The built server as a process of its own, with the demo shop; with an empty environment it starts its own PostgreSQL. */
export async function startServerProcess({ dataFolder, environment = {}, preload }: ServerProcessOptions): Promise<ServerProcess> {
  const started = Date.now();
  const args = [...(preload === undefined ? [] : ['--import', preload]), path.join(root, 'dist/main.js'), 'serve'];
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env['PATH'] ?? '', PORT: '0', ATTUNE_DATA: dataFolder, LOG_LEVEL: 'warn', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | NodeJS.Signals | null>(resolve => child.once('exit', (code, signal) => { resolve(code ?? signal); }));
  const end = async (signal: NodeJS.Signals): ReturnType<ServerProcess['end']> => {
    child.kill(signal);
    return ended;
  };
  let url: string | undefined;
  while ((url = /Attune decides at (\S+)\n[^]*Ctrl-C/.exec(output)?.[1]) === undefined) {
    if (child.exitCode !== null || Date.now() - started > startTimeoutMs) {
      await end('SIGKILL');
      throw new Error(`The server did not start:\n${output}`);
    }
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  const keys = JSON.parse(await readFile(path.join(dataFolder, 'keys.json'), 'utf8')) as DemoKeys;
  return { url, pid: child.pid ?? 0, keys, output: () => output, end, signal: it => { child.kill(it); } };
}

/** What the server answers to an operation. */
export async function ask({ url, keys }: Pick<ServerProcess, 'url' | 'keys'>, query: string, variables: object = {}): Promise<Answer> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.admin}` },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer;
}

export interface Answer {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
  readonly data: any;
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[];
}
