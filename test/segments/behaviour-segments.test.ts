import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { behaviourKey } from '../../src/conditions/behaviour.js';
import type { Behaviour, Condition } from '../../src/conditions/condition.js';
import type { Json } from '../../src/kernel/json.js';
import { dynamic, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const day = 86_400_000;
const dear: Condition = { property: { name: 'value', operator: 'greaterThan', value: 50 } };
const twiceInAWeek: Behaviour = { event: 'purchase', atLeast: 2, within: 'P7D', where: dear };
const purchase = (customerId: string, value: unknown, daysAgo = 0): object =>
  ({ id: randomUUID(), customerId, type: 'purchase', at: new Date(shop.clock.now() - daysAgo * day).toISOString(), properties: { value } });

const segmentsOf = async (customerId: string): Promise<readonly string[] | undefined> => (await shop.truth(tenant, customerId))?.segments;
const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 300 && !(await holds()); i++) await new Promise(resolve => setTimeout(resolve, 20));
  expect(await holds()).toBe(true);
};
const followTime = async (ms: number): Promise<void> => {
  shop.clock.advance(ms);
  await shop.projection.sweep();
  await shop.settled(tenant);
};

describe('segments by behaviour', () => {
  it('are entered with the event that makes it often enough, and left when time has passed', async () => {
    await shop.define(tenant, { segments: [dynamic('keen', { did: twiceInAWeek }), dynamic('idle', { not: { did: { event: 'purchase', atLeast: 1, within: 'P7D' } } })] });
    await shop.ingest(tenant, [purchase('ada', 60, 3), purchase('ada', 40), purchase('ada', '60')]);
    expect(await segmentsOf('ada')).toEqual([]);
    const heard = await shop.listen(tenant, 'ada');
    await shop.ingest(tenant, [purchase('ada', 51)]);
    expect(await segmentsOf('ada')).toEqual(['keen']);
    expect(heard.flatMap(it => it.changes)).toContainEqual({ kind: 'SEGMENT', name: 'keen' });

    await followTime(4 * day - 1);
    expect(await segmentsOf('ada')).toEqual(['keen']);
    await followTime(1);
    expect(await segmentsOf('ada')).toEqual([]);
    await followTime(3 * day);
    expect(await segmentsOf('ada')).toEqual(['idle']);
    await shop.ingest(tenant, [purchase('ada', 1)]);
    expect(await segmentsOf('ada')).toEqual([]);
  });

  it('count what was before them, and events that come late where they belong', async () => {
    await shop.ingest(tenant, [purchase('ada', 60, 3), purchase('ben', 60, 8), purchase('cai', 60, 1), purchase('cai', 60, 2)]);
    await shop.upsert(tenant, 'dan', { city: 'Ulm' });
    await shop.define(tenant, { segments: [dynamic('keen', { did: twiceInAWeek }), dynamic('never', { not: { did: { event: 'purchase', atLeast: 1 } } })] });
    await eventually(async () => (await segmentsOf('cai'))?.includes('keen') === true && (await segmentsOf('dan'))?.includes('never') === true);
    expect([await segmentsOf('ada'), await segmentsOf('ben'), await segmentsOf('cai'), await segmentsOf('dan')]).toEqual([[], [], ['keen'], ['never']]);
    await shop.ingest(tenant, [purchase('ada', 60, 6), purchase('ben', 60, 6)]);
    expect([await segmentsOf('ada'), await segmentsOf('ben')]).toEqual([['keen'], []]);
    await followTime(day);
    expect(await segmentsOf('ada')).toEqual([]);
  });

  it('take names of any characters, and count from a fixed time on', async () => {
    const since = new Date(shop.clock.now() - day).toISOString();
    const where: Condition = { property: { name: '{}:* "\' $1 ü😀', operator: 'equals', value: "'; -- {}:*" } };
    await shop.define(tenant, { segments: [dynamic('{}:* ü', { did: { event: 'purchase', atLeast: 1, atMost: 1, since, where } })] });
    const odd = (daysAgo: number): object => ({ ...purchase('{ada}:*', 1, daysAgo), properties: { '{}:* "\' $1 ü😀': "'; -- {}:*" } });
    await shop.ingest(tenant, [odd(2), purchase('{ada}:*', 1)]);
    expect(await segmentsOf('{ada}:*')).toEqual([]);
    await shop.ingest(tenant, [odd(1)]);
    expect(await segmentsOf('{ada}:*')).toEqual(['{}:* ü']);
    await followTime(200 * day);
    expect(await segmentsOf('{ada}:*')).toEqual(['{}:* ü']);
    await shop.ingest(tenant, [odd(0)]);
    expect(await segmentsOf('{ada}:*')).toEqual([]);
  });

  it('share their counts with rules, which are counted for everybody once they are live', async () => {
    await shop.ingest(tenant, [purchase('ada', 60), purchase('ben', 5)]);
    const did = { ...twiceInAWeek, atLeast: 1 };
    const body = { id: 'main', name: 'Main', rules: [{ id: 'r', effect: 'exclude', when: { not: { did } }, reason: 'r' }] };
    const counts = async (): Promise<unknown> => Promise.all(['ada', 'ben'].map(async id => (await shop.values(tenant, id))[behaviourKey(did)]));
    await shop.definitions.change(tenant, 'test', [{ kind: 'ruleSetDraft', id: 'main', body: body as unknown as Json }]);
    await shop.projection.sweep();
    expect(await counts()).toEqual([undefined, undefined]);
    await shop.definitions.change(tenant, 'test', [{ kind: 'ruleSet', id: 'main', body: body as unknown as Json }]);
    await eventually(async () => JSON.stringify(await counts()) === '[1,0]');
    await shop.ingest(tenant, [purchase('ben', 70)]);
    expect(await counts()).toEqual([1, 1]);
  });
});
