import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import type { OnlineRecord } from '../../src/customers/online-record.js';
import { ElasticCustomerIndex } from '../../src/segments/search/customer-index.elastic.js';
import { NotIndexed } from '../../src/segments/search/customer-index.js';
import type { CustomerSearch, Question } from '../../src/segments/search/customer-search.js';
import { PostgresCustomerSearch } from '../../src/segments/search/customer-search.postgres.js';
import { PostgresIndexLog } from '../../src/segments/search/index-log.postgres.js';
import { IndexSync } from '../../src/segments/search/index-sync.js';
import { SegmentSearch } from '../../src/segments/search/segment-search.js';
import { above, byHand, dynamic, number, Shop } from '../customers/shop.js';
import { describeWithElasticsearch } from '../support/elasticsearch.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());

describeWithElasticsearch('the index of customers', url => {
  const client = new Client({ node: url });
  const index = new ElasticCustomerIndex(client, () => randomUUID());
  const log = new PostgresIndexLog(pool);
  const source = shop.projection.source;
  const sync = new IndexSync({ index, log, source, now: () => shop.clock.now() });
  const truth = new PostgresCustomerSearch(pool);
  let tenant: string;
  const many = 12_345;

  beforeAll(async () => {
    tenant = await shop.newTenant();
    await shop.define(tenant, { features: [number('score', { defaultValue: 0.7 })], segments: [byHand('vip'), dynamic('keen', above('score', 0.5))] });
    await pool.query(`INSERT INTO customers (tenant_id, id, attributes, projected_version, rules_version)
      SELECT $1, 'c' || lpad(i::text, 5, '0'), jsonb_build_object('a', i % 4, 'city', 'Ulm ' || i), 1, 99 FROM generate_series(1, $2::int) AS i`, [tenant, many]);
    await shop.setFeatures(tenant, [{ customerId: 'c00001', values: [{ name: 'score', value: 0.1 }] }, { customerId: 'ü {}:*', values: [{ name: 'score', value: 0.9 }] }]);
    await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["c00002", "c00003"] }) { changed } }');
  }, 60_000);
  afterAll(async () => {
    await client.close();
  });

  const question = async (condition: Question['condition']): Promise<Question> => {
    const { from } = await shop.projection.segmentsOf(tenant);
    return { condition, features: from.features, counted: new Set(), blind: from.blind, now: shop.clock.now() };
  };
  const all = { attribute: { name: 'nosuch', operator: 'exists', value: false } } as const;
  /** Every customer whom the condition holds for, page by page. */
  const everybody = async (search: CustomerSearch, condition: Question['condition']): Promise<readonly string[]> => {
    const found: string[] = [];
    for (let page: Awaited<ReturnType<CustomerSearch['search']>> = { ids: [''], view: undefined }; page.ids.length > 0; found.push(...page.ids)) {
      page = await search.search(tenant, await question(condition), { first: 5000, after: found.at(-1), view: page.view });
    }
    return found;
  };
  const agree = async (): Promise<void> => {
    await client.indices.refresh();
    for (const condition of [all, above('score', 0.5), { inSegment: 'vip' }, { attribute: { name: 'a', operator: 'equals', value: 3 } } as const, { not: { attribute: { name: 'city', operator: 'contains', value: '9' } } } as const]) {
      const asked = await question(condition);
      expect(await index.preview(tenant, asked)).toEqual(await truth.preview(tenant, asked));
    }
  };

  it('answers nothing until it is built, and then as the truth does, of any number of customers', async () => {
    await expect(index.preview(tenant, await question(all))).rejects.toThrow(NotIndexed);
    await sync.run();
    expect(await index.state(tenant)).toBe('ready');
    await agree();
    const found = await everybody(index, all);
    expect(found).toHaveLength(many + 1);
    expect(found).toEqual(await everybody(truth, all));
  }, 60_000);

  it('follows what changes, and those who are gone', async () => {
    await shop.setFeatures(tenant, [{ customerId: 'c00004', values: [{ name: 'score', value: 0.2 }] }, { customerId: 'new', values: [{ name: 'score', value: 0.9 }] }]);
    await pool.query("DELETE FROM customers WHERE tenant_id = $1 AND id = ANY('{c00005,c00006}')", [tenant]);
    await sync.run();
    await agree();
    expect((await everybody(index, all)).filter(it => ['c00005', 'c00006', 'new'].includes(it))).toEqual(['new']);
    expect((await pool.query('SELECT FROM unindexed_removals WHERE tenant_id = $1', [tenant])).rowCount).toBe(0);
  }, 60_000);

  it('takes no older document than it has, and the same one any number of times', async () => {
    const records = await source.load(tenant, ['c00007']);
    const older = records.map((it): OnlineRecord => ({ ...it, version: 0, attributes: { a: 3 } }));
    await index.write(tenant, [...records, ...older, ...records]);
    await agree();
  }, 60_000);

  it('is built anew beside the one that answers, while customers change', async () => {
    const before = await index.preview(tenant, await question(all));
    await sync.rebuild(tenant);
    expect(await index.state(tenant)).toBe('building');
    expect(await index.preview(tenant, await question(all))).toEqual(before);
    const changing = (async () => {
      for (let i = 100; i < 130; i++) await shop.setFeatures(tenant, [{ customerId: `c00${i}`, values: [{ name: 'score', value: 0.05 }] }]);
    })();
    await sync.run();
    await changing;
    await sync.run();
    expect(await index.state(tenant)).toBe('ready');
    await agree();
  }, 60_000);

  it('goes on from page to page as it was, and without the view where that is gone', async () => {
    const asked = await question(all);
    const first = await index.search(tenant, asked, { first: 2, after: undefined, view: undefined });
    await shop.setFeatures(tenant, [{ customerId: `${first.ids[1] ?? ''}a`, values: [{ name: 'score', value: 0.9 }] }]);
    await sync.run();
    await client.indices.refresh();
    const next = await index.search(tenant, asked, { first: 1, after: first.ids[1], view: first.view });
    expect(next.ids).not.toEqual([`${first.ids[1] ?? ''}a`]);
    await client.closePointInTime({ id: next.view ?? '' });
    expect((await index.search(tenant, asked, { first: 1, after: first.ids[1], view: next.view })).ids).toEqual([`${first.ids[1] ?? ''}a`]);
  }, 60_000);

  it('is replaced by the truth where it is away, or has not counted what is asked for, and the answer says so', async () => {
    const told: unknown[] = [];
    const gone = new ElasticCustomerIndex(new Client({ node: 'http://127.0.0.1:1', maxRetries: 0 }), () => randomUUID());
    const with_ = (it: CustomerSearch): SegmentSearch => new SegmentSearch({ truth, index: it, onFailure: error => told.push(error) });
    const asked = await question({ inSegment: 'vip' });
    expect(await with_(index).preview(tenant, asked)).toMatchObject({ count: 2, source: 'ELASTICSEARCH' });
    expect(await with_(gone).preview(tenant, asked)).toMatchObject({ count: 2, source: 'POSTGRESQL' });
    expect(told).toHaveLength(1);
    expect(await with_(index).preview(tenant, await question({ did: { event: 'purchase', atLeast: 1 } }))).toMatchObject({ count: 0, source: 'POSTGRESQL' });
  });

  it('loses nothing while it is away', async () => {
    const away = new ElasticCustomerIndex(new Client({ node: 'http://127.0.0.1:1', maxRetries: 0 }), () => randomUUID());
    await shop.setFeatures(tenant, [{ customerId: 'late', values: [{ name: 'score', value: 0.9 }] }]);
    await expect(new IndexSync({ index: away, log, source, now: () => shop.clock.now() }).run()).rejects.toThrow();
    await sync.run();
    await agree();
    expect(await everybody(index, all)).toContain('late');
  }, 60_000);
});
