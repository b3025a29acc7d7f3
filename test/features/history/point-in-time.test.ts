import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { number, Shop } from '../../customers/shop.js';
import { expectedValue, type LoggedEvent } from '../oracle.js';
import { testDatabase } from '../../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

const query = 'query($id: ID!, $names: [ID!]!, $at: DateTime!) { it: featuresAt(customerId: $id, names: $names, at: $at) { name value status source version } }';
const ask = (names: readonly string[], at: number, role?: 'browser'): ReturnType<Shop['ask']> => shop.ask(tenant, query, { id: 'ada', names, at: new Date(at).toISOString() }, role);
async function at(time: number, ...names: readonly string[]): Promise<readonly (readonly unknown[])[]> {
  const { data } = await ask(names, time);
  return (data.it as readonly { readonly value: unknown; readonly status: string; readonly source: string | null }[]).map(it => [it.value, it.status, it.source]);
}
const set = (name: string, value: unknown): Promise<number> => shop.setFeatures(tenant, [{ customerId: 'ada', values: [{ name, value }] }]);
async function buy(id: string, time: number, price: number): Promise<void> {
  await shop.ingest(tenant, [{ id, customerId: 'ada', type: 'purchase', at: new Date(time).toISOString(), properties: { price } }]);
  await shop.projection.changed(tenant, ['ada']);
}
const spent = number('spent', { historyLimit: 2, aggregate: { function: 'sum', event: 'purchase', property: 'price', windowMs: 10_000 } });

describe('features at an earlier time', () => {
  it('are as they were set then: missing before the first, and forgotten where the history no longer reaches', async () => {
    await shop.define(tenant, { features: [number('score', { historyLimit: 2 }), number('age', { defaultValue: 7 })] });
    const start = shop.clock.now();
    shop.clock.advance(100);
    await set('score', 1);
    shop.clock.advance(100);
    await set('score', 2);
    expect(await at(start + 99, 'score', 'age')).toEqual([[null, 'MISSING', null], [7, 'DEFAULTED', null]]);
    expect(await at(start + 100, 'score')).toEqual([[1, 'KNOWN', 'HISTORY']]);
    expect(await at(start + 199, 'score')).toEqual([[1, 'KNOWN', 'HISTORY']]);
    expect(await at(start + 200, 'score')).toEqual([[2, 'KNOWN', 'HISTORY']]);
    for (const value of [3, 4, 5, 6]) {
      shop.clock.advance(100);
      await set('score', value);
    }
    expect(await at(start + 250, 'score')).toEqual([[null, 'FORGOTTEN', null]]);
    expect(await at(start + 600, 'score')).toEqual([[6, 'KNOWN', 'HISTORY']]);
  });

  it('are counted again from the log where the history no longer reaches', async () => {
    await shop.define(tenant, { features: [spent, number('twice', { historyLimit: 2, expression: 'spent * 2' })] });
    const start = shop.clock.now();
    for (let i = 0; i < 6; i++) {
      shop.clock.advance(1000);
      await buy(`e${i}`, shop.clock.now(), 1);
    }
    expect(await at(start + 2500, 'spent', 'twice')).toEqual([[2, 'KNOWN', 'LOG'], [4, 'KNOWN', 'LOG']]);
    expect(await at(start + 6000, 'spent', 'twice')).toEqual([[6, 'KNOWN', 'HISTORY'], [12, 'KNOWN', 'HISTORY']]);
  });

  it('have nothing of what was received later, however early it happened', async () => {
    await shop.define(tenant, { features: [{ ...spent, historyLimit: 0 }] });
    const start = shop.clock.now();
    await buy('e1', start, 1);
    shop.clock.advance(5000);
    await buy('late', start + 1, 10);
    expect(await at(start + 4999, 'spent')).toEqual([[1, 'KNOWN', 'LOG']]);
    expect(await at(start + 5000, 'spent')).toEqual([[11, 'KNOWN', 'LOG']]);
  });

  it('equal what their definition gives of the events that were there, whatever the events and the time', async () => {
    const step = fc.record({ wait: fc.integer({ min: 1, max: 4000 }), late: fc.integer({ min: 0, max: 12_000 }), price: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), fc.integer({ min: 0, max: 20_000 }), fc.boolean(), async (steps, when, isKept) => {
        tenant = await shop.newTenant();
        await shop.define(tenant, { features: [{ ...spent, historyLimit: isKept ? 50 : 0 }] });
        const start = shop.clock.now();
        const events: (LoggedEvent & { readonly received: number })[] = [];
        for (const [i, { wait, late, price }] of steps.entries()) {
          shop.clock.advance(wait);
          events.push({ id: `e${i}`, type: 'purchase', at: shop.clock.now() - late, received: shop.clock.now(), properties: { price } });
          await buy(`e${i}`, shop.clock.now() - late, price);
        }
        // Kept values change when the customer is next looked at; counted ones with time.
        const time = Math.min(start + when, shop.clock.now());
        const expected = expectedValue(spent, events.filter(it => it.received <= time), isKept ? Math.max(start, ...events.map(it => it.received).filter(it => it <= time)) : time);
        expect((await at(time, 'spent'))[0]?.[0]).toBe(events.some(it => it.received <= time) || !isKept ? expected : 0);
      }),
      { numRuns: 40, seed: 5 },
    );
  });

  it('are computed as the definition of then says', async () => {
    await shop.define(tenant, { features: [{ ...spent, historyLimit: 0 }] });
    await pool.query("UPDATE definitions SET changed_at = '2020-01-01' WHERE tenant_id = $1", [tenant]);
    const start = shop.clock.now();
    await buy('e1', start, 4);
    await shop.define(tenant, { features: [number('spent', { version: 2, historyLimit: 0, aggregate: { function: 'count', event: 'purchase', windowMs: 10_000 } })] });
    await pool.query("UPDATE definitions SET changed_at = $2 WHERE tenant_id = $1 AND changed_at > '2020-01-01'", [tenant, new Date(start + 1000)]);
    shop.clock.advance(2000);
    const values = async (time: number): Promise<unknown> => (await ask(['spent'], time)).data.it;
    expect(await values(start + 999)).toEqual([{ name: 'spent', value: 4, status: 'KNOWN', source: 'LOG', version: 1 }]);
    expect(await values(start + 1000)).toEqual([{ name: 'spent', value: 1, status: 'KNOWN', source: 'LOG', version: 2 }]);
  });

  it('are told of features that there are, of times that have been, to servers and admins', async () => {
    await shop.define(tenant, { features: [spent] });
    const now = shop.clock.now();
    expect((await ask(['spent', 'x'], now)).refusals).toEqual([['NOT_FOUND', '/names/1']]);
    expect((await ask(['spent'], now + 1)).refusals).toEqual([['INVALID_INPUT', '/at']]);
    expect((await ask(Array.from({ length: 101 }, () => 'spent'), now)).refusals).toEqual([['LIMIT_EXCEEDED', '/names']]);
    expect((await ask(['spent'], now, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });
});
