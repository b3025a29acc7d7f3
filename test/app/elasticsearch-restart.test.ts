import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startOwnElasticsearch } from '../support/elasticsearch-server.js';
import { testDatabase } from '../support/postgres.js';
import { startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();
const folder = await mkdtemp(path.join(tmpdir(), 'attune-restart-'));
const first = await startOwnElasticsearch(folder);
const describeWithOwn = first === undefined ? describe.skip : describe;
const sleep = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms));

interface Preview {
  readonly count: number;
  readonly source: 'ELASTICSEARCH' | 'POSTGRESQL';
}

describeWithOwn(`An Elasticsearch that is killed${first === undefined ? ' (no Elasticsearch can be had)' : ''}`, () => {
  const customers = 200;
  let shop: ShopServer;
  let stop = async (): Promise<void> => first?.stop();
  beforeAll(async () => {
    shop = await startShop({ pool, elasticsearchUrl: first?.url ?? '' });
    await pool.query(`INSERT INTO customers (tenant_id, id) SELECT $1, 'c' || i FROM generate_series(1, $2::int) AS i`, [shop.tenantId, customers]);
  }, 60_000);
  afterAll(async () => {
    await shop.stop();
    await stop();
    await rm(folder, { recursive: true, force: true });
  });

  const preview = async (name: string): Promise<Preview> => {
    const { data, errors } = await shop.query(`{ previewSegment(condition: { attribute: { name: "${name}", operator: exists } }) { count source } }`);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
    return data.previewSegment as Preview;
  };
  const until = async (what: string, isSo: () => Promise<boolean>): Promise<void> => {
    for (let i = 0; !(await isSo()); i++) {
      if (i === 600) throw new Error(`Not within a minute: ${what}`);
      await sleep(100);
    }
  };
  const mark = async (id: string, name: string): Promise<void> => {
    const { errors } = await shop.query(`mutation { upsertCustomer(input: { id: "${id}", attributes: { ${name}: true } }) { customer { id } } }`);
    if (errors !== undefined) throw new Error(JSON.stringify(errors));
  };
  const isIndexed = async (): Promise<boolean> =>
    (await pool.query('SELECT FROM customers WHERE tenant_id = $1 AND (projected_version < version OR indexed_version < projected_version) LIMIT 1', [shop.tenantId])).rowCount === 0;

  it('leaves answers to PostgreSQL, which say so; when it is back, it answers, with all that was written meanwhile', async () => {
    await mark('c1', 'before');
    await until('the index answers', async () => (await preview('before')).source === 'ELASTICSEARCH' && (await isIndexed()));
    const [sources, failures] = [new Set<string>(), [] as unknown[]];
    const work = { isOver: false, marked: 0 };
    const writes = (async () => {
      while (!work.isOver) {
        await mark(`c${1 + (work.marked % customers)}`, `kept${work.marked % 3}`).catch((error: unknown) => failures.push(error));
        work.marked += 1;
      }
    })();
    const searches = (async () => {
      while (!work.isOver) await preview('kept0').then(it => sources.add(it.source), (error: unknown) => failures.push(error));
    })();
    try {
      await sleep(500);
      await first?.stop();
      await until('PostgreSQL answers', async () => (await preview('before')).source === 'POSTGRESQL');
      for (let i = 1; i <= 20; i++) await mark(`c${i}`, 'meanwhile');
      expect(await preview('meanwhile')).toEqual({ count: 20, source: 'POSTGRESQL' });
      expect(await isIndexed()).toBe(false);
      const again = await first?.again();
      stop = async () => again?.stop();
      await until('the index answers again', async () => (await preview('before')).source === 'ELASTICSEARCH');
    } finally {
      work.isOver = true;
      await Promise.all([writes, searches]);
    }
    expect(failures).toEqual([]);
    expect([...sources].sort()).toEqual(['ELASTICSEARCH', 'POSTGRESQL']);
    await until('all is indexed', isIndexed);
    await new Client({ node: first?.url ?? '' }).indices.refresh();
    for (const name of ['before', 'meanwhile', 'kept0', 'kept1', 'kept2']) {
      const { rows: [truth] } = await pool.query<{ count: number }>('SELECT count(*)::int AS count FROM customers WHERE tenant_id = $1 AND attributes ? $2', [shop.tenantId, name]);
      expect([name, await preview(name)]).toEqual([name, { count: truth?.count, source: 'ELASTICSEARCH' }]);
    }
  }, 150_000);
});
