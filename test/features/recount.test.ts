import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FeatureDefinition } from '../../src/features/feature.js';
import { recount, type Recounted } from '../../src/features/recount.postgres.js';
import { inTransaction } from '../../src/platform/postgres.js';
import { number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';
import { definitionOf, drawnAggregate, drawnEvents, logOf, property } from './drawn.js';
import { expectedValue, type LoggedEvent } from './oracle.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());
const [hourMs, dayMs] = [3_600_000, 86_400_000];

const recounted = (tenant: string, definitions: readonly FeatureDefinition[], customerIds: readonly string[], now: number): Promise<Recounted> =>
  inTransaction(pool, client => recount(client, tenant, { definitions, customerIds, now }));

const expected = (definitions: readonly FeatureDefinition[], log: readonly LoggedEvent[], now: number): Record<string, unknown> =>
  Object.fromEntries(definitions.flatMap(it => {
    const value = expectedValue(it, log, now);
    return value === undefined ? [] : [[it.name, value]];
  }));

describe('recount', () => {
  it('gives what a second implementation gives, for every function, whatever comes late or twice, and as the clock goes on', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(drawnAggregate, { minLength: 1, maxLength: 12 }), drawnEvents, fc.infiniteStream(fc.nat()), async (some, drawn, order) => {
        run += 1;
        const tenant = await shop.newTenant();
        const definitions = some.map((it, i) => definitionOf(`f${i}`, it));
        await shop.define(tenant, { features: definitions });
        const start = shop.clock.now();
        const log = logOf(drawn, `e${run}`, start);
        const sent = [...log, ...log.slice(0, 3)].map(it => ({ it, key: order.next().value })).sort((a, b) => a.key - b.key)
          .map(({ it }) => ({ ...it, customerId: 'ada', at: new Date(it.at).toISOString() }));
        for (let from = 0; from < sent.length; from += 4) await shop.ingest(tenant, sent.slice(from, from + 4));
        let { dueAt } = await recounted(tenant, definitions, ['ada', 'nobody'], start);
        expect(dueAt.has('nobody')).toBe(false);
        expect(await shop.values(tenant, 'ada')).toEqual(log.length === 0 ? {} : expected(definitions, log, start));
        // From one due time to the next nothing changes; at it, what is recounted is right again.
        let before = start;
        for (let step = 0; step < 6; step++) {
          const due = dueAt.get('ada');
          const here = expected(definitions, log, before);
          expect(expected(definitions, log, (due ?? before + 100 * dayMs) - 1)).toEqual(here);
          if (due === undefined) break;
          expect(due).toBeGreaterThan(before);
          ({ dueAt } = await recounted(tenant, definitions, ['ada'], due));
          expect(await shop.values(tenant, 'ada')).toEqual(expected(definitions, log, due));
          before = due;
        }
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('counts behaviour since a fixed time and for ever, and lets counts go that nobody asks for any more', async () => {
    const tenant = await shop.newTenant();
    const now = shop.clock.now();
    const did = (name: string, more: object): FeatureDefinition => ({ ...number(name), aggregate: { function: 'count', event: 'login', windowMs: 4 * 366 * dayMs, ...more } });
    const log = [0, 1, 100, 400].map((days, i): LoggedEvent => ({ id: `d${i}`, type: 'login', at: now - days * dayMs, properties: { city: i === 1 ? 'Ulm' : 'Bonn' } }));
    await shop.ingest(tenant, log.map(it => ({ ...it, customerId: 'ada', at: new Date(it.at).toISOString() })));
    const definitions = [
      did('did:ever', {}), did('did:since', { since: now - 100 * dayMs }), did('did:late', { since: now - 100 * dayMs + 1 }), did('did:never', { event: 'purchase' }),
      did('did:ulm', { where: property('city', 'equals', 'Ulm') }),
    ];
    const { dueAt } = await recounted(tenant, definitions, ['ada'], now);
    expect(await shop.values(tenant, 'ada')).toEqual({ 'did:ever': 4, 'did:since': 3, 'did:late': 2, 'did:never': 0, 'did:ulm': 1 });
    expect(dueAt.get('ada')).toBe(now - 400 * dayMs + 4 * 366 * dayMs);
    await recounted(tenant, definitions.slice(0, 1), ['ada'], now);
    expect(await shop.values(tenant, 'ada')).toEqual({ 'did:ever': 4 });
  });

  it('orders events of one time by their ids, as texts are ordered byte by byte', async () => {
    const tenant = await shop.newTenant();
    const at = shop.clock.now() - hourMs;
    // The log has them in another order.
    const log = ['ä', 'm', 'z', 'a', 'B'].map((id): LoggedEvent => ({ id, type: 'page_view', at, properties: { kind: id } }));
    for (const it of log) await shop.ingest(tenant, [{ ...it, customerId: 'ada', at: new Date(at).toISOString() }]);
    const taken = (name: 'last' | 'first'): FeatureDefinition => ({ ...number(name), valueType: 'string', aggregate: { function: name, property: 'kind', windowMs: dayMs } });
    await recounted(tenant, [taken('last'), taken('first')], ['ada'], shop.clock.now());
    expect(await shop.values(tenant, 'ada')).toEqual({ last: 'ä', first: 'B' });
  });

  it('counts more than one statement takes', async () => {
    const tenant = await shop.newTenant();
    const now = shop.clock.now();
    await shop.ingest(tenant, Array.from({ length: 5 }, (_, i) => ({ id: `m${i}`, customerId: 'ada', type: 'page_view', at: new Date(now - i * dayMs).toISOString() })));
    const definitions = Array.from({ length: 700 }, (_, i) => number(`f${i}`, { aggregate: { function: 'count', event: 'page_view', windowMs: (1 + (i % 7)) * dayMs } }));
    await recounted(tenant, definitions, ['ada'], now);
    expect(await shop.values(tenant, 'ada')).toEqual(Object.fromEntries(definitions.map(({ name }, i) => [name, Math.min(5, 1 + (i % 7))])));
  });

  it('writes nothing where nothing differs, but confirms what grows old', async () => {
    const tenant = await shop.newTenant();
    const now = shop.clock.now();
    const definitions = [number('views', { aggregate: { function: 'count', event: 'page_view', windowMs: 30 * dayMs } })];
    await shop.ingest(tenant, [{ id: 'v', customerId: 'ada', type: 'page_view', at: new Date(now).toISOString() }]);
    expect((await recounted(tenant, definitions, ['ada'], now)).changed).toEqual(['ada']);
    expect((await recounted(tenant, definitions, ['ada'], now + hourMs / 4)).changed).toEqual([]);
    expect((await recounted(tenant, definitions, ['ada'], now + hourMs / 4 + 1)).changed).toEqual(['ada']);
    expect((await shop.truth(tenant, 'ada'))?.features['views']).toEqual({ value: 1, at: now + hourMs / 4 + 1 });
  });
});
