import { execFile, spawn } from 'node:child_process';
import { access, chmod, cp, mkdir, mkdtemp, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { freePort } from '../../src/platform/free-port.js';

const run = promisify(execFile);
const cache = path.join(import.meta.dirname, '../../node_modules/.cache/attune');
const version = '8.19.2';
/** A distribution for tests of integration, with neither security nor scripts. */
const artifact = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${version}:zip`;
const unpackGoal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack';
const startTimeoutMs = 90_000;

export interface ElasticsearchServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface OwnElasticsearch extends ElasticsearchServer {
  /** Starts it once more where it was, with what it has kept, after it was stopped. */
  again(): Promise<ElasticsearchServer>;
}

/** One node on free ports of the loopback interface, with its data in `folder`; undefined where none can be had and nobody insists. */
export async function startElasticsearch(folder: string): Promise<ElasticsearchServer | undefined> {
  const given = process.env['TEST_ELASTICSEARCH_URL'] ?? process.env['ELASTICSEARCH_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  const node = await startOwnElasticsearch(folder);
  if (node !== undefined) return node;
  const reason = 'No Elasticsearch: it takes Java 17 or later, and Maven to fetch it';
  if (process.env['CI'] !== undefined) throw new Error(reason);
  process.stderr.write(`${reason}. The tests that need it are skipped.\n`);
  return undefined;
}

/** As `startElasticsearch`, but never one that is there already: it may be killed. */
export async function startOwnElasticsearch(folder: string): Promise<OwnElasticsearch | undefined> {
  const home = await distribution();
  for (let attempt = 1; home !== undefined; attempt++) {
    // Another program may have taken a port meanwhile.
    const place = path.join(folder, String(attempt));
    const ports = [await freePort(), await freePort()] as const;
    const node = await startNode(home, place, ports).catch((error: unknown) => {
      if (attempt === 3) throw error;
    });
    if (node !== undefined) return { ...node, again: () => startNode(home, place, ports) };
  }
  return undefined;
}

/** Unpacked once into the cache. */
async function distribution(): Promise<string | undefined> {
  const home = path.join(cache, `elasticsearch-${version}`);
  if (await exists(home)) return (await javaHome()) === undefined ? undefined : home;
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(`${home}-`);
  try {
    await run('mvn', ['-B', '-q', unpackGoal, `-Dartifact=${artifact}`, `-DoutputDirectory=${draft}`], { cwd: draft });
    const unpacked = path.join(draft, `elasticsearch-${version}`);
    for (const program of await readdir(path.join(unpacked, 'bin'))) await chmod(path.join(unpacked, 'bin', program), 0o755);
    await rename(unpacked, home).catch(() => undefined);
    return (await javaHome()) === undefined ? undefined : home;
  } catch {
    return undefined;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

async function javaHome(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const java = path.join(folder, 'java');
    if (await exists(java)) return path.dirname(path.dirname(await realpath(java)));
  }
  return undefined;
}

async function startNode(home: string, folder: string, [port, transportPort]: readonly [number, number]): Promise<ElasticsearchServer> {
  const prefix = await asOrdinaryUser(folder);
  await configure(home, folder, { 'http.port': port, 'transport.port': transportPort });
  if (prefix[0] === 'setpriv') await run('chown', ['-R', 'nobody', folder]);
  const env = {
    PATH: process.env['PATH'], HOME: folder, ES_JAVA_HOME: await javaHome(), ES_PATH_CONF: path.join(folder, 'config'), ES_TMPDIR: path.join(folder, 'tmp'),
  };
  // The launcher and the server that it starts are one process group.
  const child = spawn('sh', ['-c', 'echo $$ > "$0" && exec "$@"', path.join(folder, '..', 'group.pid'), ...prefix, path.join(home, 'bin', 'elasticsearch')], { cwd: folder, env, detached: true, stdio: ['ignore', 'ignore', 'ignore'] });
  const ended = new Promise<void>(resolve => {
    child.once('exit', () => { resolve(); });
    child.once('error', () => { resolve(); });
  });
  child.unref();
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL');
    await ended;
  };
  const url = `http://127.0.0.1:${port}`;
  for (const until = Date.now() + startTimeoutMs; Date.now() < until && child.exitCode === null; ) {
    if (await isGreen(url)) return { url, stop };
    await sleep(100);
  }
  await stop();
  const log = await readFile(path.join(folder, 'logs', 'attune-tests.log'), 'utf8').catch(() => '');
  throw new Error(`Elasticsearch does not start:\n${log.trim().split('\n').slice(-5).join('\n')}`);
}

/** Elasticsearch refuses root: a user namespace makes it believe that it is another; where that is not allowed it is `nobody`. */
async function asOrdinaryUser(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  if (process.getuid?.() !== 0) return [];
  const namespace = ['unshare', '-U', '--map-user=1000', '--map-group=1000'];
  const canUnshare = await run('unshare', [...namespace.slice(1), 'true']).then(() => true, () => false);
  return canUnshare ? namespace : ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups'];
}

async function configure(home: string, folder: string, ports: Readonly<Record<string, number>>): Promise<void> {
  for (const name of ['data', 'logs', 'tmp']) await mkdir(path.join(folder, name), { recursive: true });
  await cp(path.join(home, 'config'), path.join(folder, 'config'), { recursive: true });
  const settings = {
    'cluster.name': 'attune-tests',
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    ...ports,
    'path.data': path.join(folder, 'data'),
    'path.logs': path.join(folder, 'logs'),
    'xpack.security.enabled': false,
    'cluster.routing.allocation.disk.threshold_enabled': false,
  };
  await writeFile(path.join(folder, 'config', 'elasticsearch.yml'), Object.entries(settings).map(([name, value]) => `${name}: ${value}\n`).join(''));
  const options = ['-Xms512m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-XX:-UsePerfData', '-XX:-AlwaysPreTouch', `-Djava.io.tmpdir=${folder}/tmp`];
  await writeFile(path.join(folder, 'config', 'jvm.options'), options.map(it => `${it}\n`).join(''));
}

const isGreen = (url: string): Promise<boolean> =>
  fetch(`${url}/_cluster/health?wait_for_status=green&timeout=4s`, { signal: AbortSignal.timeout(5000) }).then(it => it.ok, () => false);

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);
