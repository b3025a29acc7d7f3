import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { freePort } from '../../src/platform/free-port.js';
import { redisServerBinary } from './redis-server.js';

/** A server of one test's own, which may be made to hang and be killed. */
export interface RedisNode {
  readonly url: string;
  readonly port: number;
  /** Its connections stay open, and nothing is answered. */
  freeze(): void;
  thaw(): void;
  /** Without a word to anybody; also where it is frozen. */
  kill(): Promise<void>;
}

/** Ends with this process, however that ends. @returns undefined where no server can be had */
export async function startRedisNode(options: Readonly<Record<string, string | number>> = {}): Promise<RedisNode | undefined> {
  const binary = await redisServerBinary();
  if (binary === undefined) return undefined;
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-redis-'));
  const port = await freePort();
  const settings = Object.entries({ port, bind: '127.0.0.1', save: '', appendonly: 'no', dir: folder, ...options }).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const keeper = spawn('sh', ['-c', '"$0" "$@" > /dev/null & echo $!; cat > /dev/null; kill -9 $!', binary, ...settings], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = new Promise(resolve => keeper.once('exit', resolve));
  const pid = await new Promise<number>(resolve => keeper.stdout.once('data', (text: Buffer) => { resolve(Number(text)); }));
  const url = `redis://127.0.0.1:${port}`;
  await answering(url);
  return {
    url, port,
    freeze: () => { process.kill(pid, 'SIGSTOP'); },
    thaw: () => { process.kill(pid, 'SIGCONT'); },
    async kill() {
      keeper.stdin.end();
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answering(url: string): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => 25, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
}
