import { afterAll, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { ListedMemberships } from '../../src/segments/listed-memberships.js';
import { RedisMemberSets } from '../../src/segments/member-sets.redis.js';
import type { MemberFact, MemberSets } from '../../src/segments/member-sets.js';
import { PostgresMemberships } from '../../src/segments/memberships.postgres.js';
import { byHand, Shop } from '../customers/shop.js';
import { FakeClock } from '../support/fake-clock.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithRedis } from '../support/redis.js';
import { itListsMembers } from './listed-members.contract.js';

const { pool } = await testDatabase();
const clock = new FakeClock();
const truth = new PostgresMemberships(pool, clock);
const page = (segmentId: string): { segmentId: string; first: number; after: string | undefined } => ({ segmentId, first: 100, after: undefined });

itListsMembers('PostgresMemberships', pool, () => {
  const shop = new Shop(pool, clock);
  return { shop, listed: truth, readiness: async () => undefined, close: () => shop.projection.stop() };
});

/** Counts nothing by itself: what is not in the sets is not there. */
const nothing = {
  members: () => { throw new Error('PostgreSQL was asked'); },
  countMembers: () => { throw new Error('PostgreSQL was asked'); },
  versioned: (tenantId: string, segmentId: string) => truth.versioned(tenantId, segmentId),
  ordersByBytes: () => truth.ordersByBytes(),
};

describeWithRedis('with Redis', url => {
  itListsMembers('ListedMemberships', pool, () => {
    const redis = new Redis(url, { lazyConnect: true });
    const sets = new RedisMemberSets(redis);
    const shop = new Shop(pool, clock, sets);
    const listed = new ListedMemberships({ sets, truth: nothing, onFailure: error => { throw error; } });
    return {
      shop,
      // Of a tenant that nobody has filled, there is the truth alone.
      listed: {
        members: async (tenantId, pages) => ((await sets.count(tenantId, ['list']))[0] === undefined ? truth : listed).members(tenantId, pages),
        countMembers: (tenantId, ids) => listed.countMembers(tenantId, ids),
      },
      readiness: async (tenantId, segmentIds) => {
        for (const id of segmentIds) await listed.fill(tenantId, id);
      },
      close: async () => {
        await shop.projection.stop();
        redis.disconnect();
      },
    };
  });

  const redis = new Redis(url, { lazyConnect: true });
  const real = new RedisMemberSets(redis);
  let mode: 'works' | 'fails' | 'loses' = 'works';
  const held: MemberFact[] = [];
  const sets: MemberSets = {
    read: (...args) => real.read(...args),
    count: (...args) => real.count(...args),
    fill: (...args) => real.fill(...args),
    forgetLeft: () => real.forgetLeft(),
    clear: (...args) => real.clear(...args),
    write: async (tenantId, facts) => {
      if (mode === 'fails') throw new Error('Redis is away');
      if (mode === 'loses') held.push(...facts);
      else await real.write(tenantId, facts);
    },
  };
  const shop = new Shop(pool, clock, sets);
  const failures: unknown[] = [];
  const listed = new ListedMemberships({ sets, truth, onFailure: error => failures.push(error) });
  let tenant: string;
  beforeEach(async () => {
    [mode, failures.length, held.length] = ['works', 0, 0];
    tenant = await shop.newTenant();
    await shop.define(tenant, { segments: [byHand('list')] });
    await shop.upsert(tenant, 'ada', {});
    await shop.upsert(tenant, 'bob', {});
  });
  afterAll(async () => {
    await shop.projection.stop();
    redis.disconnect();
  });
  const change = (how: 'addToSegment' | 'removeFromSegment', customerIds: readonly string[]) =>
    shop.ask(tenant, `mutation($input: ${how === 'addToSegment' ? 'AddToSegmentInput' : 'SegmentMembersInput'}!) { it: ${how}(input: $input) { changed segment { memberCount } } }`, { input: { segmentId: 'list', customerIds } });
  const inSet = async (): Promise<readonly string[] | undefined> => (await real.read(tenant, [page('list')]))[0];

  it('asks PostgreSQL until the set is filled, which the first question begins', async () => {
    await change('addToSegment', ['ada']); // its answer counts the members
    await shop.upkeep();
    expect(await listed.members(tenant, [page('list')])).toEqual([['ada']]);
    await listed.stop();
    for (let i = 0; (await inSet()) === undefined && i < 200; i++) await new Promise(resolve => setTimeout(resolve, 10));
    expect(await inSet()).toEqual(['ada']);
    await pool.query('DELETE FROM segment_counts WHERE tenant_id = $1', [tenant]); // only the set knows it now
    expect(await listed.countMembers(tenant, ['list'])).toEqual(new Map([['list', 1]]));
    expect((await shop.ask(tenant, '{ segment(id: "list") { memberCount members(first: 5) { edges { node { id } } } } }')).data.segment).toEqual({ memberCount: 1, members: { edges: [{ node: { id: 'ada' } }] } });
    expect(failures).toEqual([]);
  });

  it('makes up for a write that was lost', async () => {
    await listed.fill(tenant, 'list');
    mode = 'fails';
    await change('addToSegment', ['ada', 'bob']);
    expect(await inSet()).toEqual([]);
    mode = 'works';
    clock.advance(3000);
    await shop.projection.sweep();
    expect(await inSet()).toEqual(['ada', 'bob']);
  });

  it('is not misled by a write of another process that comes late', async () => {
    await listed.fill(tenant, 'list');
    mode = 'loses';
    await change('addToSegment', ['ada']);
    mode = 'works';
    await change('removeFromSegment', ['ada']);
    expect(held.map(it => [it.customerId, it.isMember])).toEqual([['ada', true]]);
    await real.write(tenant, held);
    expect(await inSet()).toEqual([]);
    await change('addToSegment', ['ada']);
    expect(await inSet()).toEqual(['ada']);
  });

  it('does not bring back who was erased, whoever writes of them late', async () => {
    await listed.fill(tenant, 'list');
    mode = 'loses';
    await change('addToSegment', ['ada']);
    mode = 'works';
    expect((await shop.ask(tenant, 'mutation { eraseCustomer(input: { customerId: "ada" }) { receipt { id } } }', {}, 'admin')).refusals).toEqual([]);
    await real.write(tenant, held);
    expect(await inSet()).toEqual([]);
  });

  it('answers from PostgreSQL while Redis is away', async () => {
    const gone = new Redis(url, { lazyConnect: true });
    const away = new ListedMemberships({ sets: new RedisMemberSets(gone), truth, onFailure: error => failures.push(error) });
    await gone.quit();
    await change('addToSegment', ['ada']);
    expect([await away.members(tenant, [page('list'), page('none')]), await away.countMembers(tenant, ['list', 'none'])]).toEqual([[['ada'], []], new Map([['list', 1], ['none', 0]])]);
    expect(failures).toHaveLength(2);
  });
});
