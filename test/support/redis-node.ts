import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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

export interface RedisCluster {
  /** As REDIS_URL takes it. */
  readonly url: string;
  readonly nodes: readonly RedisNode[];
  stop(): Promise<void>;
}

const slots = 16_384;

/** Three nodes without replicas, of which each answers for what it holds when others are gone. */
export async function startRedisCluster(): Promise<RedisCluster | undefined> {
  const nodes: RedisNode[] = [];
  const busPorts: number[] = [];
  for (let i = 0; i < 3; i++) {
    const busPort = await freePort();
    const node = await startRedisNode({ 'cluster-enabled': 'yes', 'cluster-port': busPort, 'cluster-require-full-coverage': 'no', 'cluster-node-timeout': 1000 });
    if (node === undefined) return undefined;
    nodes.push(node);
    busPorts.push(busPort);
  }
  const clients = nodes.map(({ url }) => new Redis(url));
  await Promise.all(clients.map(async (client, i) => {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', Math.ceil((i * slots) / 3), Math.ceil(((i + 1) * slots) / 3) - 1);
    await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]?.port), String(busPorts[0]));
  }));
  const isWhole = async (client: Redis): Promise<boolean> => /cluster_state:ok[^]*cluster_slots_ok:16384[^]*cluster_known_nodes:3/.test(String(await client.call('CLUSTER', 'INFO')));
  for (let i = 0; i < 400 && !(await Promise.all(clients.map(isWhole))).every(Boolean); i++) await sleep(25);
  for (const client of clients) client.disconnect();
  return {
    url: nodes.map(it => it.url).join(','),
    nodes,
    stop: async () => { await Promise.all(nodes.map(it => it.kill())); },
  };
}

async function answering(url: string): Promise<void> {
  const client = new Redis(url, { retryStrategy: () => 25, maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  await client.ping();
  client.disconnect();
}
