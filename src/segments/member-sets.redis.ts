import { randomUUID } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { answeredByRedis, unlinkAll } from '../platform/redis.js';
import type { MemberFact, MemberSets, VersionedMember } from './member-sets.js';
import type { MembersPage } from './memberships.js';

/**
 * Three keys a segment, on one node of a cluster: the members, all with the score 0, so that they are read in the order of their bytes; the versions of
 * the customers that were noted; and those who have left, by the time they did, so that their versions are forgotten in the end. Under the empty
 * name, which no customer has, the versions hold the run of the server that the set was filled in, who filled it, and when that was last gone
 * on with, or `whole`; and so do the members where it is whole. A server that has started anew has another run, whatever it has kept.
 */
const lua = `
local members, versions, left = KEYS[1], KEYS[2], KEYS[3]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local ofRun, filler, state = string.match(redis.call('HGET', versions, '') or '', '^(%S+) (%S+) (%S+)$')
local isOurs = ofRun == run
`;

/** @param first 0 for the number of all */
const readLua = `${lua}
if not isOurs or state ~= 'whole' or not redis.call('ZSCORE', members, '') then return false end
if ARGV[1] == '0' then return redis.call('ZCARD', members) - 1 end
return redis.call('ZRANGEBYLEX', members, '(' .. ARGV[2], '+', 'LIMIT', 0, ARGV[1])`;

const patienceMs = 10_000;
const beginLua = `${lua}
if isOurs and (state == 'whole' and redis.call('ZSCORE', members, '') or state ~= 'whole' and now - tonumber(state) < ${patienceMs}) then return 0 end
redis.call('DEL', members, versions, left)
redis.call('HSET', versions, '', run .. ' ' .. ARGV[1] .. ' ' .. string.format('%d', now))
redis.call('PEXPIRE', versions, ${patienceMs * 6})
return 1`;

const ttlMs = 30 * 86_400_000;
/** Nobody who writes comes this late. */
const leftKeptMs = 600_000;
const forgetOverLua = `
local over = redis.call('ZRANGEBYSCORE', left, '-inf', now - ${leftKeptMs}, 'LIMIT', 0, 1000)
if #over > 0 then
  redis.call('HDEL', versions, unpack(over))
  redis.call('ZREM', left, unpack(over))
end`;
/** First the filler, or nothing; then `whole` where it has done; then customer, version and whether a member, of each. */
const writeLua = `${lua}
if ARGV[1] ~= '' then
  if not isOurs or filler ~= ARGV[1] then return 0 end
  redis.call('HSET', versions, '', run .. ' ' .. filler .. ' ' .. (ARGV[2] == 'whole' and 'whole' or string.format('%d', now)))
  if ARGV[2] == 'whole' then redis.call('ZADD', members, 0, '') end
end
for i = 3, #ARGV, 3 do
  local id = ARGV[i]
  if tonumber(ARGV[i + 1]) > tonumber(redis.call('HGET', versions, id) or '-1') then
    redis.call('HSET', versions, id, ARGV[i + 1])
    if ARGV[i + 2] == '1' then
      redis.call('ZADD', members, 0, id)
      redis.call('ZREM', left, id)
    else
      redis.call('ZREM', members, id)
      redis.call('ZADD', left, now, id)
    end
  end
end
${forgetOverLua}
for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ${ttlMs}) end
return 1`;

const forgetLua = `${lua}${forgetOverLua}
return {#over, redis.call('ZCARD', left)}`;

/**
 * Of all segments whom somebody has left, by when that is to be forgotten: a key of its own. Who takes those that are due moves them on, by a time that
 * no other has, and removes them where that time still stands: what is noted meanwhile is kept, and so is what somebody took who has died.
 */
const leavingKey = 'attune:members-leaving';
const leavingLua = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local later = now + ${leftKeptMs}
`;
const noteLeavingLua = `${leavingLua}
for _, it in ipairs(ARGV) do redis.call('ZADD', KEYS[1], later, it) end`;
const takeLeavingLua = `${leavingLua}
local taken = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, 1000)
for _, it in ipairs(taken) do redis.call('ZADD', KEYS[1], later + 0.5, it) end
return {taken, string.format('%.1f', later + 0.5)}`;
const endLeavingLua = `
if redis.call('ZSCORE', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('ZREM', KEYS[1], ARGV[1]) end`;

type Keys = readonly [members: string, versions: string, left: string];
type Scripted = (Redis | Cluster) & {
  attuneReadMembers: (...args: readonly [...Keys, first: number, after: string]) => Promise<readonly string[] | number | null>;
  attuneFillMembers: (...args: readonly [...Keys, filler: string]) => Promise<number>;
  attuneWriteMembers: (...args: readonly [...Keys, filler: string, state: string, ...facts: readonly (string | number)[]]) => Promise<number>;
  attuneForgetMembers: (...args: Keys) => Promise<readonly [forgotten: number, left: number]>;
  attuneNoteLeaving: (key: string, ...segments: readonly string[]) => Promise<null>;
  attuneTakeLeaving: (key: string) => Promise<readonly [segments: readonly string[], until: string]>;
  attuneEndLeaving: (key: string, segment: string, until: string) => Promise<null>;
};

const writtenAtOnce = 500;

export class RedisMemberSets implements MemberSets {
  readonly #redis: Scripted;

  constructor(redis: Redis | Cluster) {
    redis.defineCommand('attuneReadMembers', { lua: readLua, numberOfKeys: 3 });
    redis.defineCommand('attuneFillMembers', { lua: beginLua, numberOfKeys: 3 });
    redis.defineCommand('attuneWriteMembers', { lua: writeLua, numberOfKeys: 3 });
    redis.defineCommand('attuneForgetMembers', { lua: forgetLua, numberOfKeys: 3 });
    redis.defineCommand('attuneNoteLeaving', { lua: noteLeavingLua, numberOfKeys: 1 });
    redis.defineCommand('attuneTakeLeaving', { lua: takeLeavingLua, numberOfKeys: 1 });
    redis.defineCommand('attuneEndLeaving', { lua: endLeavingLua, numberOfKeys: 1 });
    this.#redis = redis as Scripted;
  }

  async read(tenantId: string, pages: readonly MembersPage[]): Promise<readonly (readonly string[] | undefined)[]> {
    const found = await answeredByRedis(Promise.all(pages.map(({ segmentId, first, after = '' }) => this.#redis.attuneReadMembers(...keysOf(tenantId, segmentId), first, after))));
    return found.map(it => (Array.isArray(it) ? (it as readonly string[]) : undefined));
  }

  async count(tenantId: string, segmentIds: readonly string[]): Promise<readonly (number | undefined)[]> {
    const found = await answeredByRedis(Promise.all(segmentIds.map(id => this.#redis.attuneReadMembers(...keysOf(tenantId, id), 0, ''))));
    return found.map(it => (typeof it === 'number' ? it : undefined));
  }

  async write(tenantId: string, facts: readonly MemberFact[]): Promise<void> {
    const segmentIds = [...new Set(facts.map(it => it.segmentId))];
    const leaving = [...new Set(facts.filter(it => !it.isMember).map(it => JSON.stringify([tenantId, it.segmentId])))];
    if (leaving.length > 0) await answeredByRedis(this.#redis.attuneNoteLeaving(leavingKey, ...leaving));
    await answeredByRedis(Promise.all(segmentIds.map(async segmentId => {
      const all = facts.filter(it => it.segmentId === segmentId);
      for (let from = 0; from < all.length; from += writtenAtOnce) {
        const written = all.slice(from, from + writtenAtOnce).flatMap(({ customerId, version, isMember }) => [customerId, version, isMember ? '1' : '0']);
        await this.#redis.attuneWriteMembers(...keysOf(tenantId, segmentId), '', '', ...written);
      }
    })));
  }

  async fill(tenantId: string, segmentId: string, pages: AsyncIterable<readonly VersionedMember[]>): Promise<boolean> {
    const [keys, filler] = [keysOf(tenantId, segmentId), randomUUID()];
    const isFilled = async (state: string, members: readonly VersionedMember[]): Promise<boolean> =>
      (await answeredByRedis(this.#redis.attuneWriteMembers(...keys, filler, state, ...members.flatMap(it => [it.customerId, it.version, '1'])))) === 1;
    if ((await answeredByRedis(this.#redis.attuneFillMembers(...keys, filler))) !== 1) return false;
    for await (const page of pages) {
      for (let from = 0; from < page.length; from += writtenAtOnce) if (!(await isFilled('', page.slice(from, from + writtenAtOnce)))) return false;
    }
    return isFilled('whole', []);
  }

  async forgetLeft(): Promise<void> {
    const [segments, until] = await answeredByRedis(this.#redis.attuneTakeLeaving(leavingKey));
    for (const segment of segments) {
      const keys = keysOf(...(JSON.parse(segment) as [tenantId: string, segmentId: string]));
      let [forgotten, left] = await answeredByRedis(this.#redis.attuneForgetMembers(...keys));
      while (forgotten > 0 && left > 0) [forgotten, left] = await answeredByRedis(this.#redis.attuneForgetMembers(...keys));
      if (left === 0) await answeredByRedis(this.#redis.attuneEndLeaving(leavingKey, segment, until));
    }
  }

  async clear(tenantId: string): Promise<void> {
    await unlinkAll(this.#redis, `${prefixOf(tenantId).replaceAll('*', String.raw`\*`)}*`);
  }
}

/** Escaped, so that no id can leave its place in the key; the braces keep the keys of a segment on one node of a cluster. */
const prefixOf = (tenantId: string): string => `attune:members:{${escaped(tenantId)}:`;
const keysOf = (tenantId: string, segmentId: string): Keys => {
  const key = `${prefixOf(tenantId)}${escaped(segmentId)}}`;
  return [key, `${key}:versions`, `${key}:left`];
};
const escaped = (id: string): string => encodeURIComponent(JSON.stringify(id));
