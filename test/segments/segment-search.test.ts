import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { above, byHand, dynamic, number, Shop, type Reply } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
const customers = Array.from({ length: 25 }, (_, i) => `c${String(i).padStart(2, '0')}`);
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, {
    features: [number('score'), number('visits', { defaultValue: 7 }), number('views', { aggregate: { function: 'count', event: 'page_view', windowMs: 60_000 } })],
    segments: [byHand('vip'), byHand('staff'), dynamic('keen', above('score', 0.5))],
  });
  await shop.setFeatures(tenant, customers.map((customerId, i) => ({ customerId, values: [{ name: 'score', value: i / 25 }] })));
  await shop.ask(tenant, 'mutation { addToSegment(input: { segmentId: "vip", customerIds: ["c20", "c01"] }) { changed } }');
});
afterAll(() => shop.projection.stop());

describe('previewSegment', () => {
  const preview = (condition: object): Promise<Reply> => shop.ask(tenant, `query($condition: ConditionInput!) {
    it: previewSegment(condition: $condition) { count scanned sample { id } overlaps { segment { id } count } source }
  }`, { condition });

  it('tells who would be in, and in which other segments they are, without a segment coming to be', async () => {
    expect((await preview({ and: [above('score', 0.5), { inSegment: 'vip' }] })).data.it).toEqual({
      count: 1, scanned: 25, sample: [{ id: 'c20' }], overlaps: [{ segment: { id: 'keen' }, count: 1 }, { segment: { id: 'vip' }, count: 1 }], source: 'POSTGRESQL',
    });
    const all = (await preview({ feature: { name: 'score', operator: 'exists' } })).data.it;
    expect([all.count, all.sample.length]).toEqual([25, 20]);
    expect(all.overlaps).toEqual([{ segment: { id: 'keen' }, count: 12 }, { segment: { id: 'vip' }, count: 2 }]);
    expect((await preview(above('visits', 6))).data.it.count).toBe(25);
    expect((await preview(above('visits', 7))).data.it).toMatchObject({ count: 0, sample: [], overlaps: [] });
  });

  it('counts what customers did, though nobody has asked for it before', async () => {
    await shop.ingest(tenant, ['c03', 'c03', 'c04'].map((customerId, i) => ({ id: `e${i}`, customerId, type: 'purchase', properties: { value: 10 * i } })));
    expect((await preview({ did: { event: 'purchase' } })).data.it.sample).toEqual([{ id: 'c03' }, { id: 'c04' }]);
    expect((await preview({ did: { event: 'purchase', atLeast: 2 } })).data.it.sample).toEqual([{ id: 'c03' }]);
    expect((await preview({ did: { event: 'purchase', where: { property: { name: 'value', operator: 'greaterThan', value: 15 } } } })).data.it.sample).toEqual([{ id: 'c04' }]);
    expect((await preview({ not: { did: { event: 'purchase', within: 'P1D' } } })).data.it.count).toBe(23);
  });

  it('refuses names that mean nothing', async () => {
    expect((await preview({ feature: { name: 'nosuch', operator: 'exists' } })).refusals).toEqual([['INVALID_INPUT', '/feature/name']]);
    expect((await preview({ inSegment: 'nosuch' })).refusals).toEqual([['INVALID_INPUT', '/inSegment']]);
    expect((await preview({ context: { name: 'hour', operator: 'exists' } })).refusals).toEqual([['INVALID_INPUT', '/context']]);
  });

  it('looks at a hundred thousand customers', async () => {
    await pool.query(`INSERT INTO customers (tenant_id, id, attributes, projected_version, rules_version) SELECT $1, 'many' || i, jsonb_build_object('a', i % 3), 1, 99 FROM generate_series(1, 100000) AS i`, [tenant]);
    const { count, scanned, sample } = (await preview({ or: [{ attribute: { name: 'a', operator: 'equals', value: 1 } }, { did: { event: 'purchase' } }, { inSegment: 'vip' }] })).data.it;
    expect([count, scanned, sample.length]).toEqual([33_336, 100_025, 20]);
  });
});

describe('searchCustomers', () => {
  interface Page {
    readonly edges: readonly { readonly node: { readonly id: string } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
    readonly source: string;
  }
  const search = async (condition: object, after: string | null, first = 5): Promise<Reply> => shop.ask(tenant, `query($condition: ConditionInput!, $after: Cursor, $first: Int!) {
    it: searchCustomers(condition: $condition, first: $first, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } source }
  }`, { condition, after, first });

  it('gives all of them, page by page, each once', async () => {
    const found: string[] = [];
    for (let after: string | null = null, hasNext = true; hasNext; ) {
      const { edges, pageInfo, source } = (await search(above('score', 0.5), after)).data.it as Page;
      expect(source).toBe('POSTGRESQL');
      found.push(...edges.map(it => it.node.id));
      [after, hasNext] = [pageInfo.endCursor, pageInfo.hasNextPage];
    }
    expect(found).toEqual(customers.slice(13));
  });

  it('refuses cursors of other lists, and other roles', async () => {
    const foreign = Buffer.from('[1]').toString('base64url');
    expect((await search(above('score', 0.5), foreign)).refusals).toEqual([['INVALID_INPUT', undefined]]);
    for (const query of ['{ searchCustomers(condition: { inSegment: "vip" }) { source } }', '{ explainMembership(customerId: "ada", segment: "vip") { isMember } }']) {
      expect((await shop.ask(tenant, query, {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
    }
  });
});

describe('explainMembership', () => {
  const explain = (segment: string, customerId = 'c20'): Promise<Reply> => shop.ask(tenant, `query($segment: ID!, $customerId: ID!) {
    it: explainMembership(customerId: $customerId, segment: $segment) { isMember since changesAt nodes { path kind truth seen isHidden changesAt } }
  }`, { segment, customerId });
  const at = (ms: number): string => new Date(ms).toISOString();

  it('is the same by an id that the customer had before a merge', async () => {
    const start = shop.clock.now();
    await shop.ingest(tenant, [0, 1].map(i => ({ id: `m${i}`, customerId: 'c20', type: 'page_view', at: at(start - 10_000 * i) })));
    await shop.upsert(tenant, 'anon', {});
    await shop.ask(tenant, 'mutation { mergeCustomers(input: { from: "anon", into: "c20" }) { aliases } }');
    await shop.define(tenant, { segments: [dynamic('looking', { and: [above('views', 1), { did: { event: 'page_view', atLeast: 2, within: 'PT30S' } }] })] });
    await shop.projection.sweep();
    const byAlias = (await explain('looking', 'anon')).data.it;
    expect(byAlias).toEqual((await explain('looking')).data.it);
    expect(byAlias).toMatchObject({ isMember: true, changesAt: at(start + 20_000) });
    expect((byAlias.nodes as readonly { readonly changesAt: string }[]).map(it => it.changesAt)).toEqual([at(start + 20_000), at(start + 50_000), at(start + 20_000)]);
  });

  it('says what each node came to, from what, and until when by itself', async () => {
    const start = shop.clock.now();
    await shop.upsert(tenant, 'c20', { joined: at(start - 1000) });
    await shop.ingest(tenant, [0, 1].map(i => ({ id: `v${i}`, customerId: 'c20', type: 'page_view', at: at(start - 10_000 * i) })));
    await shop.settled(tenant);
    await shop.define(tenant, {
      segments: [
        dynamic('fresh', { and: [above('score', 0.5), { or: [{ attribute: { name: 'joined', operator: 'withinLast', value: 'P1D' } }, { attribute: { name: 'city', operator: 'equals', value: 'Ulm' } }] }] }),
        dynamic('looking', { and: [above('views', 1), { not: { did: { event: 'page_view', atLeast: 3, within: 'PT30S' } } }, { inSegment: 'fresh' }] }),
      ],
    });
    await shop.projection.sweep();
    const { data: { it: { since, ...explained } } } = await explain('looking');
    expect(since).toMatch(/^20/);
    const leaf = { isHidden: false, seen: null, changesAt: null };
    expect(explained).toEqual({
      isMember: true,
      changesAt: at(start + 20_000),
      nodes: [
        { ...leaf, path: '', kind: 'and', truth: true, changesAt: at(start + 20_000) },
        { ...leaf, path: '/and/0', kind: 'feature', truth: true, seen: 2, changesAt: at(start + 50_000) },
        { ...leaf, path: '/and/1', kind: 'not', truth: true, changesAt: at(start + 20_000) },
        { ...leaf, path: '/and/1/not', kind: 'did', truth: false, seen: 2, changesAt: at(start + 20_000) },
        { ...leaf, path: '/and/2', kind: 'inSegment', truth: true, seen: true, changesAt: at(start - 1000 + 86_400_000) },
      ],
    });
    const { data: { it: fresh } } = await explain('fresh');
    const nodes = fresh.nodes as readonly { readonly path: string; readonly truth: boolean | null; readonly seen: unknown }[];
    expect(nodes.map(({ path, truth, seen }) => [path, truth, seen])).toEqual([
      ['', true, null], ['/and/0', true, 0.8], ['/and/1', true, null], ['/and/1/or/0', true, at(start - 1000)], ['/and/1/or/1', null, null],
    ]);
  });

  it('says until when somebody is on a list, and who is not', async () => {
    const end = at(shop.clock.now() + 60_000);
    await shop.ask(tenant, `mutation { addToSegment(input: { segmentId: "staff", customerIds: ["c03"], expiresAt: "${end}" }) { changed } }`);
    expect((await explain('staff', 'c03')).data.it).toMatchObject({ isMember: true, changesAt: end, nodes: [] });
    expect((await explain('staff', 'c04')).data.it).toEqual({ isMember: false, since: null, changesAt: null, nodes: [] });
    expect((await explain('staff', 'nobody')).refusals).toEqual([['NOT_FOUND', '/customerId']]);
    expect((await explain('nosuch')).refusals).toEqual([['NOT_FOUND', '/segment']]);
  });

  it('does not tell what is personal', async () => {
    await shop.ask(tenant, 'mutation { upsertAttribute(input: { name: "email", valueType: string, personal: true }) { configurationVersion } }', {}, 'admin');
    await shop.upsert(tenant, 'c20', { email: 'ada@x.example' });
    await shop.define(tenant, { segments: [dynamic('known', { attribute: { name: 'email', operator: 'equals', value: 'ada@x.example' } })] });
    await shop.projection.sweep();
    expect((await explain('known')).data.it).toMatchObject({ isMember: true, nodes: [{ truth: true, seen: null, isHidden: true }] });
  });
});
