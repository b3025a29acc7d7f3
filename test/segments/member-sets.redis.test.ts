import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Cluster, Redis } from 'ioredis';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DependencyUnavailable } from '../../src/kernel/errors.js';
import { RedisMemberSets } from '../../src/segments/member-sets.redis.js';
import type { MemberFact, VersionedMember } from '../../src/segments/member-sets.js';
import { startRedisNode, type RedisNode } from '../support/redis-node.js';
import { describeWithRedis } from '../support/redis.js';

async function* pagesOf(...pages: readonly (readonly VersionedMember[])[]): AsyncIterable<readonly VersionedMember[]> {
  yield* pages;
}
const member = (customerId: string, version = 1): VersionedMember => ({ customerId, version });
const fact = (customerId: string, version: number, isMember: boolean): MemberFact => ({ segmentId: 's', customerId, version, isMember });

async function started(options: Readonly<Record<string, string | number>>): Promise<RedisNode> {
  const node = await startRedisNode(options);
  if (node === undefined) throw new Error('There is a Redis, but none of this test\'s own');
  return node;
}

describeWithRedis('RedisMemberSets', url => {
  let redis: Redis;
  let sets: RedisMemberSets;
  let tenant: string;
  beforeAll(() => {
    redis = new Redis(url);
    sets = new RedisMemberSets(redis);
  });
  beforeEach(() => {
    tenant = randomUUID();
  });
  afterAll(() => { redis.disconnect(); });

  const held = async (segmentId = 's'): Promise<readonly string[] | undefined> => (await sets.read(tenant, [{ segmentId, first: 1000, after: undefined }]))[0];
  const versionsKey = async (): Promise<string> => (await redis.keys(`attune:members:*${tenant}*:versions`))[0] ?? '';

  it('answers nothing until a set is filled, and counts what is written meanwhile', async () => {
    await sets.write(tenant, [fact('early', 1, true)]);
    expect([await held(), await sets.count(tenant, ['s', 'other'])]).toEqual([undefined, [undefined, undefined]]);
    const filled = await sets.fill(tenant, 's', (async function* () {
      yield [member('b'), member('c')];
      expect(await held()).toBeUndefined();
      await sets.write(tenant, [fact('b', 2, false), fact('d', 2, true), fact('z', 5, false)]);
      yield [member('d'), member('z', 4)];
    })());
    expect([filled, await held(), await sets.count(tenant, ['s', 'other'])]).toEqual([true, ['c', 'd'], [2, undefined]]);
    expect(await sets.fill(tenant, 's', pagesOf([member('again')]))).toBe(false);
    expect(await held()).toEqual(['c', 'd']);
  });

  it('reads by pages, of several segments at once', async () => {
    const ids = Array.from({ length: 1203 }, (_, i) => `c${String(i).padStart(4, '0')}`);
    await sets.fill(tenant, 's', pagesOf(ids.map(it => member(it))));
    await sets.fill(tenant, 'none', pagesOf([]));
    const page = (segmentId: string, first: number, after?: string): { segmentId: string; first: number; after: string | undefined } => ({ segmentId, first, after });
    expect(await sets.read(tenant, [page('s', 2), page('s', 3, 'c0001'), page('none', 5), page('s', 5, 'c1201'), page('never', 1)])).toEqual([ids.slice(0, 2), ids.slice(2, 5), [], ids.slice(1202), undefined]);
    expect(await sets.count(tenant, ['s', 'none'])).toEqual([1203, 0]);
  });

  it('ends with the newest of all facts, in whatever order they come and however often', async () => {
    const order = fc.array(fc.record({ customer: fc.constantFrom('a', 'b'), version: fc.integer({ min: 1, max: 12 }) }), { minLength: 1, maxLength: 20 });
    await fc.assert(fc.asyncProperty(order, async writes => {
      tenant = randomUUID();
      await sets.fill(tenant, 's', pagesOf([]));
      const isMember = (version: number): boolean => version % 2 === 1;
      for (const { customer, version } of writes) await sets.write(tenant, [fact(customer, version, isMember(version))]);
      const newest = (customer: string): number => Math.max(0, ...writes.filter(it => it.customer === customer).map(it => it.version));
      expect(await held()).toEqual(['a', 'b'].filter(it => isMember(newest(it))));
    }), { numRuns: 50 });
  });

  it('keeps customers, segments and tenants apart, whatever characters their ids have', async () => {
    const ids = ['a', 'a:b', '{a}', 'a}', ':', '*', '?', '[a]', 'ü\u{1F600}', '%7B', ' ', '"', '(a', '[', '+', '-', ':versions', 'a}:versions'];
    const sorted = ids.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    for (const id of ids) await sets.fill(tenant, id, pagesOf(ids.map(it => member(`${id}${it}`))));
    for (const id of ids) expect(await held(id)).toEqual(sorted.map(it => `${id}${it}`));
    const paged: string[] = [];
    for (let after: string | undefined; ; after = paged.at(-1)) {
      const [page = []] = await sets.read(tenant, [{ segmentId: '*', first: 5, after }]);
      paged.push(...page);
      if (page.length < 5) break;
    }
    expect(paged).toEqual(sorted.map(it => `*${it}`));
    expect(await sets.count(`${tenant}:a`, ['a'])).toEqual([undefined]);
    await sets.fill(`${tenant}*`, 'a', pagesOf([member('x')]));
    await sets.clear(`${tenant}*`);
    expect([await sets.count(`${tenant}*`, ['a']), await sets.count(tenant, ['*'])]).toEqual([[undefined], [ids.length]]);
    await sets.clear(tenant);
    expect(await sets.count(tenant, ids)).toEqual(ids.map(() => undefined));
  });

  it('is not taken for whole after its server has started anew, or has lost a part, and may be filled again then', async () => {
    await sets.fill(tenant, 's', pagesOf([member('old')]));
    const key = await versionsKey();
    const marker = (await redis.hget(key, '')) ?? '';
    await redis.hset(key, '', `${'0'.repeat(40)} ${marker.split(' ').slice(1).join(' ')}`); // as a server that has read its file
    expect([await held(), await sets.count(tenant, ['s'])]).toEqual([undefined, [undefined]]);
    expect(await sets.fill(tenant, 's', pagesOf([member('new')]))).toBe(true);
    expect(await held()).toEqual(['new']);
    for (const lost of [key, key.replace(/:versions$/, '')]) {
      await redis.del(lost);
      expect(await held()).toBeUndefined();
      expect(await sets.fill(tenant, 's', pagesOf([member('again')]))).toBe(true);
      expect(await held()).toEqual(['again']);
    }
  });

  it('is filled by one at a time; who was overtaken does not spoil what another has filled', async () => {
    const overtaken = await sets.fill(tenant, 's', (async function* () {
      expect(await sets.fill(tenant, 's', pagesOf([member('second')]))).toBe(false);
      await sets.clear(tenant);
      expect(await sets.fill(tenant, 's', pagesOf([member('third')]))).toBe(true);
      yield [member('first')];
    })());
    expect([overtaken, await held()]).toEqual([false, ['third']]);
  });

  it('leaves one whose filling broke off to the next who comes', async () => {
    const broken = async function* (): AsyncIterable<readonly VersionedMember[]> {
      yield [member('half')];
      throw new Error('PostgreSQL is away');
    };
    await expect(sets.fill(tenant, 's', broken())).rejects.toThrow('away');
    expect([await held(), await sets.fill(tenant, 's', pagesOf([member('whole')]))]).toEqual([undefined, false]);
    const key = await versionsKey();
    const [run, filler] = ((await redis.hget(key, '')) ?? '').split(' ');
    await redis.hset(key, '', `${run} ${filler} ${Date.now() - 60_000}`);
    expect([await sets.fill(tenant, 's', pagesOf([member('whole')])), await held()]).toEqual([true, ['whole']]);
  });

  it('forgets in the end who has left, and all that nobody writes any more', async () => {
    await sets.fill(tenant, 's', pagesOf([member('a')]));
    await sets.write(tenant, [fact('a', 2, false), fact('b', 2, true)]);
    const key = await versionsKey();
    await redis.zadd(key.replace('versions', 'left'), Date.now() - 3_600_000, 'a');
    await sets.write(tenant, [fact('c', 1, true)]);
    expect((await redis.hkeys(key)).sort()).toEqual(['', 'b', 'c']);
    for (const it of await redis.keys(`attune:members:*${tenant}*`)) expect(await redis.pttl(it)).toBeGreaterThan(86_400_000);
  });

  it('forgets who has left a segment that nothing is written of any more, and does so although who began it has died', async () => {
    await sets.fill(tenant, 's', pagesOf([member('a'), member('b'), member('c')]));
    await sets.write(tenant, [fact('a', 2, false), fact('b', 2, false)]);
    const key = await versionsKey();
    const left = key.replace('versions', 'left');
    await redis.zadd(left, Date.now() - 3_600_000, 'a');
    const isDue = async (at: number): Promise<unknown> => redis.zadd('attune:members-leaving', at, JSON.stringify([tenant, 's']));
    const forgotten = async (ids: readonly string[]): Promise<void> => {
      // Another process on this server may be the one that takes the segment.
      for (let tries = 0; tries < 50 && (await redis.zcard(left)) > ids.length; tries++) {
        await sets.forgetLeft();
        await new Promise(resolve => setTimeout(resolve, 20));
      }
      expect([await redis.zrange(left, 0, -1), (await redis.hkeys(key)).sort()]).toEqual([ids, ['', ...ids, 'c']]);
    };
    await isDue(1);
    await forgotten(['b']);
    expect(Number(await redis.zscore('attune:members-leaving', JSON.stringify([tenant, 's'])))).toBeGreaterThan(Date.now());
    await redis.zadd(left, Date.now() - 3_600_000, 'b');
    await isDue(1);
    await forgotten([]);
    expect(await redis.zscore('attune:members-leaving', JSON.stringify([tenant, 's']))).toBeNull();
    expect(await held()).toEqual(['c']);
  });

  it('answers nothing by a server that has died and come back with what its file held', async () => {
    const dir = await mkdtemp(path.join(tmpdir(), 'attune-members-'));
    const options = { dir, appendonly: 'yes', appendfsync: 'always' };
    const before = await started(options);
    const first = new Redis(before.url);
    await new RedisMemberSets(first).fill(tenant, 's', pagesOf([member('ada')]));
    expect(await new RedisMemberSets(first).count(tenant, ['s'])).toEqual([1]);
    first.disconnect();
    await before.kill();
    const after = await started(options);
    const second = new Redis(after.url);
    const kept = new RedisMemberSets(second);
    expect([await second.dbsize(), await kept.count(tenant, ['s'])]).toEqual([2, [undefined]]);
    expect([await kept.fill(tenant, 's', pagesOf([member('bob')])), await kept.read(tenant, [{ segmentId: 's', first: 9, after: undefined }])]).toEqual([true, [['bob']]]);
    second.disconnect();
    await after.kill();
    await rm(dir, { recursive: true, force: true });
  });

  it('works on a cluster, each segment on one of its nodes', async () => {
    const nodes = await Promise.all([0, 1].map(() => started({ 'cluster-enabled': 'yes' })));
    const clients = nodes.map(it => new Redis(it.url));
    await Promise.all(clients.map((it, i) => it.call('CLUSTER', 'ADDSLOTSRANGE', i * 8192, i * 8192 + 8191)));
    await clients[0]?.call('CLUSTER', 'MEET', '127.0.0.1', nodes[1]?.port ?? 0);
    for (const it of clients) while (!String(await it.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await new Promise(resolve => setTimeout(resolve, 50));
    const cluster = new Cluster(nodes.map(it => it.url));
    const spread = new RedisMemberSets(cluster);
    const segmentIds = Array.from({ length: 20 }, (_, i) => `s{${i}}`);
    for (const id of segmentIds) await spread.fill(tenant, id, pagesOf([member('ada')]));
    await spread.write(tenant, segmentIds.map(segmentId => ({ segmentId, customerId: 'bob', isMember: true, version: 1 })));
    expect(await spread.read(tenant, segmentIds.map(segmentId => ({ segmentId, first: 9, after: undefined })))).toEqual(segmentIds.map(() => ['ada', 'bob']));
    for (const it of clients) expect(await it.dbsize()).toBeGreaterThan(0);
    await spread.clear(tenant);
    expect(await spread.count(tenant, segmentIds)).toEqual(segmentIds.map(() => undefined));
    for (const it of clients) expect(await it.dbsize()).toBe(0);
    cluster.disconnect();
    for (const it of clients) it.disconnect();
    for (const it of nodes) await it.kill();
  }, 30_000);

  it('reports a Redis that does not answer as unavailable', async () => {
    const gone = new Redis(url);
    const away = new RedisMemberSets(gone);
    await gone.quit();
    await expect(away.read(tenant, [{ segmentId: 's', first: 1, after: undefined }])).rejects.toThrow(DependencyUnavailable);
    await expect(away.count(tenant, ['s'])).rejects.toThrow(DependencyUnavailable);
    await expect(away.write(tenant, [fact('a', 1, true)])).rejects.toThrow(DependencyUnavailable);
    await expect(away.fill(tenant, 's', pagesOf([]))).rejects.toThrow(DependencyUnavailable);
  });
});
