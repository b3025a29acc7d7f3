import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { runCommandLine } from '../../src/cli/program.js';
import { describeWithElasticsearch } from '../support/elasticsearch.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithRedis } from '../support/redis.js';
import { startShop, type ShopServer } from './shop-server.js';

const { pool } = await testDatabase();

interface Report {
  readonly rebuilds: readonly { readonly target: string; readonly state: string; readonly done: number; readonly truthDigest: string; readonly rebuiltDigest: string }[];
}

describeWithRedis('attune rebuild', redisUrl => {
  describeWithElasticsearch('with both', elasticsearchUrl => {
    let shop: ShopServer;
    const customers = 1500;
    beforeAll(async () => {
      shop = await startShop({ pool, redisUrl, elasticsearchUrl });
      const create = 'mutation($input: SegmentInput!) { createSegment(input: $input) { configurationVersion } }';
      for (const [id, condition] of [['list', null], ['early', { attribute: { name: 'b', operator: 'lessThan', value: 300 } }], ['rest', { not: { inSegment: 'early' } }]] as const) {
        expect((await shop.query(create, { input: { id, name: id, condition } }, shop.keys.admin)).errors).toBeUndefined();
      }
      await pool.query(`INSERT INTO customers (tenant_id, id, attributes) SELECT $1, 'c' || i, jsonb_build_object('a', i) FROM generate_series(1, $2::int) AS i`, [shop.tenantId, customers]);
    }, 60_000);
    afterAll(() => shop.stop());

    const run = async (...options: readonly string[]): Promise<Report> => {
      const said: string[] = [];
      const terminal = { out: (line: string) => said.push(line), err: (line: string) => said.push(line) };
      const never = (): never => { throw new Error('not asked for'); };
      const client = { url: shop.url, key: shop.keys.admin, dataFolder: '.' };
      expect([await runCommandLine(['rebuild', ...options, '--json'], { version: '1', terminal, client, serve: never, migrate: never }), said.length]).toEqual([0, 1]);
      return JSON.parse(said[0] ?? '') as Report;
    };
    const settled = async (): Promise<void> => {
      for (let i = 0; i < 600; i++) {
        const { rowCount } = await pool.query('SELECT FROM customers WHERE tenant_id = $1 AND (projected_version < version OR indexed_version < projected_version) LIMIT 1', [shop.tenantId]);
        if (rowCount === 0) return;
        await new Promise(resolve => setTimeout(resolve, 50));
      }
      throw new Error('The customers are not settled');
    };
    const spoil = async (): Promise<void> => {
      const redis = new Redis(redisUrl);
      const keys = (await redis.keys(`attune:online:{${encodeURIComponent(JSON.stringify(shop.tenantId))}:*`)).slice(0, 500);
      if (keys.length > 0) await redis.set(keys[0] ?? '', '2 999999 {"version":999999,"known":true,"attributes":{"a":"spoilt"},"features":{},"segments":[],"consents":{}}');
      const members = await redis.keys(`attune:members:{${encodeURIComponent(JSON.stringify(shop.tenantId))}:*}`);
      for (const key of members) await redis.zadd(key, 0, 'spoilt');
      redis.disconnect();
    };
    const counts = async (): Promise<Record<string, number>> => {
      const { data } = await shop.query('{ list: segment(id: "list") { memberCount } early: segment(id: "early") { memberCount } rest: segment(id: "rest") { memberCount } }');
      return Object.fromEntries(Object.entries(data as Record<string, { readonly memberCount: number }>).map(([id, it]) => [id, it.memberCount]));
    };

    it('brings both to what PostgreSQL holds, while customers change', async () => {
      await settled();
      await counts(); // which fills the sets
      await spoil();
      const writing = { isOver: false };
      const writes = (async () => {
        for (let i = 1; !writing.isOver; i++) await shop.query(`mutation { upsertCustomer(input: { id: "c${1 + (i % customers)}", attributes: { b: ${i} } }) { customer { id } } ${i % 2 === 0 ? 'addTo' : 'removeFrom'}Segment(input: { segmentId: "list", customerIds: ["c${1 + (i % 50)}"] }) { changed } }`);
      })();
      const during = await run();
      writing.isOver = true;
      await writes;
      expect(during.rebuilds.map(it => [it.target, it.state])).toEqual([['REDIS', 'DONE'], ['ELASTICSEARCH', 'DONE']]);
      await settled();
      await new Client({ node: elasticsearchUrl }).indices.refresh();
      const after = await run();
      for (const { done, truthDigest, rebuiltDigest } of after.rebuilds) {
        expect(done).toBe(customers);
        expect(truthDigest).toMatch(/^\d+-[0-9a-f]{16}$/);
        expect(rebuiltDigest).toBe(truthDigest);
      }
      const { rows } = await pool.query<{ id: string; count: number }>('SELECT segment_id AS id, count(*)::int AS count FROM segment_members WHERE tenant_id = $1 GROUP BY 1', [shop.tenantId]);
      expect(await counts()).toEqual({ list: 0, early: 0, rest: 0, ...Object.fromEntries(rows.map(it => [it.id, it.count])) });
      expect(after.rebuilds.map(it => Number(it.truthDigest.split('-')[0]))).toEqual([customers + rows.reduce((sum, it) => sum + it.count, 0), customers]);
    }, 90_000);

    it('does the one that is asked for, and refuses what is not there', async () => {
      expect((await run('--elasticsearch')).rebuilds.map(it => it.target)).toEqual(['ELASTICSEARCH']);
      const { errors } = await shop.query('mutation { rebuild(input: {}) { rebuilds { target } } }', {}, shop.keys.server);
      expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }, 60_000);

    it('is searched meanwhile, and says by whom it is answered', async () => {
      const { data } = await shop.query('{ previewSegment(condition: { attribute: { name: "a", operator: exists } }) { count source } }');
      expect(data.previewSegment).toEqual({ count: customers, source: 'ELASTICSEARCH' });
    });
  });
});
