import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres.js';
import { migrate } from '../../src/platform/migrate.js';
import { startElasticsearch } from './elasticsearch-server.js';
import { maintain } from './maintain.js';
import { onDemand } from './on-demand.js';
import { startRedis } from './redis-server.js';

export interface TestServers {
  stop(): Promise<void>;
}

/** What the test files find the servers by. */
interface Found {
  /** Of a database with the newest schema that nobody is connected to. */
  TEST_TEMPLATE_URL: string;
  TEST_REDIS_URL?: string;
  TEST_ELASTICSEARCH_STARTER: string;
}

/**
 * The real servers of one run of the tests: TEST_DATABASE_URL or DATABASE_URL, TEST_REDIS_URL, TEST_ELASTICSEARCH_URL or ELASTICSEARCH_URL, or servers of its own on free ports.
 * They end with this process, also where it is killed.
 */
export async function startTestServers(): Promise<TestServers> {
  const folder = await mkdtemp(path.join(tmpdir(), 'attune-test-'));
  const keeper = startKeeper(folder);
  const [postgres, redis] = await Promise.all([startPostgres(path.join(folder, 'postgres')), startRedis(folder)]);
  const elasticsearch = await onDemand(() => startElasticsearch(path.join(folder, 'elasticsearch')));
  const templateUrl = new URL(postgres.url);
  templateUrl.pathname = `/attune_template_${randomBytes(6).toString('hex')}`;
  await maintain(postgres.url, `CREATE DATABASE ${templateUrl.pathname.slice(1)}`);
  await migrate(templateUrl.href);
  const found: Found = {
    TEST_TEMPLATE_URL: templateUrl.href,
    TEST_ELASTICSEARCH_STARTER: elasticsearch.url,
    ...(redis !== undefined && { TEST_REDIS_URL: redis.url }),
  };
  Object.assign(process.env, found);
  return {
    stop: async () => {
      await maintain(postgres.url, `DROP DATABASE ${templateUrl.pathname.slice(1)}`);
      await Promise.all([postgres.stop(), redis?.stop(), elasticsearch.stop()]);
      keeper.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function startPostgres(folder: string): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const given = process.env['TEST_DATABASE_URL'] ?? process.env['DATABASE_URL'];
  if (given !== undefined && given !== '') return { url: given, stop: async () => undefined };
  return startEmbeddedPostgres({ folder, settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off', autovacuum: 'off' } });
}

/** Waits for the end of this process, which closes its input, and then ends what was started in the folder. */
function startKeeper(folder: string): { stop(): void } {
  const script = 'cat > /dev/null; for file in "$0"/postgres/data/postmaster.pid "$0"/redis.pid; do [ -f "$file" ] && kill -9 "$(head -n 1 "$file")"; done; [ -f "$0"/elasticsearch/group.pid ] && kill -9 -- "-$(cat "$0"/elasticsearch/group.pid)"; rm -rf "$0"';
  const keeper = spawn('sh', ['-c', script, folder], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  keeper.unref();
  return {
    stop: () => {
      if (keeper.pid !== undefined) process.kill(-keeper.pid, 'SIGKILL');
      keeper.stdin.destroy();
    },
  };
}
