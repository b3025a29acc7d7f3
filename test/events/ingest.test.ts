import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { AppError } from '../../src/kernel/errors.js';
import { number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
const dayMs = 86_400_000;
const windowMs = 10 * dayMs;
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
  await shop.define(tenant, {
    features: [
      number('bought', { aggregate: { function: 'count', event: 'purchase', windowMs } }),
      number('spent', { aggregate: { function: 'sum', event: 'purchase', property: 'value', windowMs } }),
      { ...number('device'), valueType: 'string', aggregate: { function: 'last', event: 'page_view', property: 'device', windowMs } },
      number('idle', { aggregate: { function: 'recencyDays', event: 'page_view', windowMs } }),
    ],
  });
});
afterAll(() => shop.projection.stop());

const ago = (ms: number): string => new Date(shop.clock.now() - ms).toISOString();
const purchase = (value: unknown, more: object = {}): object => ({ id: randomUUID(), customerId: 'ada', type: 'purchase', properties: { value }, ...more });
const logged = async (): Promise<number> => (await pool.query('SELECT FROM events WHERE tenant_id = $1', [tenant])).rowCount ?? 0;

describe('ingestEvents', () => {
  it('takes each event once, however often and wherever it is sent', async () => {
    const event = purchase(5);
    expect((await shop.ingest(tenant, [event, event])).data.it).toMatchObject({ accepted: 1, duplicates: 1, rejected: 0 });
    expect((await shop.ingest(tenant, [event])).data.it).toMatchObject({ accepted: 0, duplicates: 1 });
    const other = purchase(7);
    const replies = await Promise.all(Array.from({ length: 6 }, () => shop.ingest(tenant, [other])));
    expect(replies.map(it => Number(it.data.it.accepted)).reduce((a, b) => a + b)).toBe(1);
    expect(await logged()).toBe(2);
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 2, spent: 12 });
  });

  it('makes a customer of a stranger, whom decisions know at once', async () => {
    await shop.ingest(tenant, [{ id: randomUUID(), customerId: 'ada', type: 'login' }]);
    expect(await shop.online(tenant, 'ada')).toMatchObject({ known: true, features: {}, segments: [] });
  });

  it('counts exactly what is in the window, whatever the order of arrival', async () => {
    const events = fc.array(fc.record({ cents: fc.integer({ min: 1, max: 1_000_000 }), ageMs: fc.integer({ min: 0, max: 2 * windowMs }) }), { minLength: 1, maxLength: 10 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(events, fc.integer({ min: 1, max: 5 }), async (all, batch) => {
        run += 1;
        const customerId = `c${run}`;
        const sent = all.map(({ cents, ageMs }) => purchase(cents / 100, { customerId, at: ago(ageMs) }));
        for (let from = 0; from < sent.length; from += batch) await shop.ingest(tenant, sent.slice(from, from + batch));
        const inside = all.filter(it => it.ageMs < windowMs);
        expect(await shop.values(tenant, customerId)).toEqual({ bought: inside.length, spent: inside.reduce((sum, it) => sum + it.cents, 0) / 100 });
      }),
      { numRuns: 25, seed: 11 },
    );
  });

  it('loses no count where one customer\'s events come by many requests at once', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => shop.ingest(tenant, [purchase(i), purchase(i)])));
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 40, spent: 380 });
    expect((await shop.online(tenant, 'ada'))?.features['bought']?.value).toBe(40);
  });

  it('takes the property of the newest event that has one of the right type, and days since the newest', async () => {
    const view = (device: unknown, ageMs: number): object => ({ id: randomUUID(), customerId: 'ada', type: 'page_view', at: ago(ageMs), properties: { device } });
    await shop.ingest(tenant, [view('phone', 3 * dayMs), view(7, 2 * dayMs), view('tablet', 4 * dayMs)]);
    expect(await shop.values(tenant, 'ada')).toMatchObject({ device: 'phone', idle: 2 });
    await shop.ingest(tenant, [view('laptop', dayMs)]);
    expect(await shop.values(tenant, 'ada')).toMatchObject({ device: 'laptop', idle: 1 });
  });

  it('lets a value go when nothing in the window gives it any more', async () => {
    const view = (ageMs: number): object => ({ id: randomUUID(), customerId: 'ada', type: 'page_view', at: ago(ageMs), properties: { device: 'phone' } });
    await shop.ingest(tenant, [view(windowMs - 1000)]);
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 0, spent: 0, device: 'phone', idle: 9 });
    shop.clock.advance(2000);
    const heard = await shop.listen(tenant, 'ada');
    await shop.ingest(tenant, [view(windowMs + 5000)]);
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 0, spent: 0 });
    expect(heard.flatMap(it => it.changes)).toEqual([{ kind: 'FEATURE', name: 'device' }, { kind: 'FEATURE', name: 'idle' }]);
  });

  it('tells of each bad event what is wrong with it, without its values, and takes the good ones', async () => {
    const good = purchase(1);
    const { data } = await shop.ingest(tenant, [
      good,
      purchase(1, { type: 'teleport' }),
      purchase(1, { at: ago(-601_000) }),
      purchase(1, { at: ago(800 * dayMs) }),
      purchase(1, { at: 'yesterday' }),
      purchase(1, { customerId: '' }),
      purchase(1, { properties: [1] }),
      purchase('a\u0000b'),
      purchase('\ud800'),
      purchase('x'.repeat(30_000)),
    ]);
    expect(data.it).toMatchObject({ accepted: 1, duplicates: 0, rejected: 9 });
    expect((data.it.results as Record<string, unknown>[]).slice(1).map(it => [it['status'], it['code'], it['pointer'], it['got']])).toEqual([
      ['REJECTED', 'INVALID_INPUT', '/type', 'text'],
      ['REJECTED', 'INVALID_INPUT', '/at', 'text'],
      ['REJECTED', 'INVALID_INPUT', '/at', 'text'],
      ['REJECTED', 'INVALID_INPUT', '/at', 'text'],
      ['REJECTED', 'INVALID_INPUT', '/customerId', 'text'],
      ['REJECTED', 'INVALID_INPUT', '/properties', 'list'],
      ['REJECTED', 'INVALID_INPUT', '/properties', 'object'],
      ['REJECTED', 'INVALID_INPUT', '/properties', 'object'],
      ['REJECTED', 'INVALID_INPUT', '/properties', 'object'],
    ]);
    expect(JSON.stringify(data)).not.toContain('teleport');
    expect(await logged()).toBe(1);
  });

  it('keeps the time of an event and that of its receipt', async () => {
    await shop.ingest(tenant, [purchase(1, { id: 'late', at: ago(dayMs) }), purchase(1, { id: 'ahead', at: ago(-300_000) })]);
    const { rows } = await pool.query<{ id: string; age: number }>('SELECT id, extract(epoch FROM received_at - at)::float8 * 1000 AS age FROM events WHERE tenant_id = $1 ORDER BY id', [tenant]);
    expect(rows).toEqual([{ id: 'ahead', age: -300_000 }, { id: 'late', age: dayMs }]);
    expect(await shop.values(tenant, 'ada')).toMatchObject({ bought: 1 });
    shop.clock.advance(300_000);
    await shop.projection.sweep();
    expect(await shop.values(tenant, 'ada')).toMatchObject({ bought: 2 });
  });

  it('refuses more than a thousand, and browsers', async () => {
    expect((await shop.ingest(tenant, Array.from({ length: 1001 }, () => purchase(1)))).refusals).toEqual([['LIMIT_EXCEEDED', undefined]]);
    const asked = await shop.ask(tenant, 'mutation { ingestEvents(input: []) { accepted } }', {}, 'browser');
    expect(asked.refusals).toEqual([['FORBIDDEN', undefined]]);
  });

  it('keeps tenants apart, also where they use the same ids', async () => {
    const theirs = await shop.newTenant();
    const event = purchase(3);
    await shop.ingest(tenant, [event]);
    expect((await shop.ingest(theirs, [event])).data.it).toMatchObject({ accepted: 1 });
    expect(await shop.values(theirs, 'ada')).toEqual({});
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 1, spent: 3 });
  });
});

describe('POST /api/v1/events', () => {
  const post = async (payload: unknown, role: 'server' | 'browser' = 'server', type = 'application/json'): Promise<{ readonly status: number; readonly body: unknown }> => {
    const server = Fastify();
    server.setErrorHandler((error, _request, reply) => {
      void reply.code(error instanceof AppError ? error.status : 500).send({ code: error instanceof AppError ? error.code : 'INTERNAL' });
    });
    for (const add of shop.routes) add(server, async () => newRequestContext({ tenantId: tenant, role, keyId: 'k' }));
    const reply = await server.inject({ method: 'POST', url: '/api/v1/events', payload: payload as object, headers: { 'content-type': type } });
    await server.close();
    await shop.settled(tenant);
    return { status: reply.statusCode, body: reply.json() };
  };

  it('answers as the mutation does', async () => {
    const event = purchase(2);
    expect(await post([event, 7, { ...event, at: 5 }])).toEqual({
      status: 200,
      body: {
        accepted: 1, duplicates: 0, rejected: 2,
        results: [
          { id: (event as { readonly id: string }).id, status: 'ACCEPTED' },
          { id: null, status: 'REJECTED', code: 'INVALID_INPUT', pointer: '', expected: 'an event', got: 'number' },
          { id: (event as { readonly id: string }).id, status: 'REJECTED', code: 'INVALID_INPUT', pointer: '/at', expected: expect.any(String), got: 'number' },
        ],
      },
    });
    expect(await shop.values(tenant, 'ada')).toEqual({ bought: 1, spent: 2 });
  });

  it('takes an event a line, and answers for lines that are none in their places', async () => {
    const [one, two] = [purchase(2), purchase(3)];
    const reply = await post(`${JSON.stringify(one)}\n\n{"id": \r\n${JSON.stringify(two)}\n`, 'server', 'application/x-ndjson');
    expect(reply.body).toMatchObject({ accepted: 2, rejected: 1, results: [{ status: 'ACCEPTED' }, { status: 'REJECTED', expected: 'an event' }, { status: 'ACCEPTED' }] });
    expect(await shop.values(tenant, 'ada')).toMatchObject({ bought: 2, spent: 5 });
  });

  it.each(['application/json', 'application/x-ndjson'])('answers for a property that is named as a prototype in its place, in %s, and takes the events beside it', async type => {
    const sent = [purchase(2), { ...purchase(3), properties: { metadata: { HERE: 1 } } }, { ...purchase(4), HERE: {} }].map(it => JSON.stringify(it).replace('HERE', '__proto__'));
    const reply = await post(type === 'application/json' ? `[${sent.join(',')}]` : sent.join('\n'), 'server', type);
    expect(reply).toMatchObject({ status: 200, body: { accepted: 1, rejected: 2, results: [
      { status: 'ACCEPTED' },
      { status: 'REJECTED', pointer: '/properties', expected: 'names other than __proto__', got: 'object' },
      { status: 'REJECTED', pointer: '', expected: 'no other fields than id, customerId, type, at and properties' },
    ] } });
  });

  it('says of a number that is too large for one what was expected', async () => {
    const text = `[${JSON.stringify({ ...purchase(1), properties: { value: 'HERE' } }).replace('"HERE"', '1e999')}]`;
    expect((await post(text, 'server', 'application/json')).body).toMatchObject({ rejected: 1, results: [{ pointer: '/properties', expected: 'JSON with texts in well-formed Unicode, without U+0000' }] });
  });

  it('refuses a body that is no JSON', async () => {
    expect(await post('[{', 'server', 'application/json')).toEqual({ status: 400, body: { code: 'INVALID_INPUT' } });
  });

  it('refuses what is no list, what is nested without end, and browsers', async () => {
    expect(await post({ events: [] })).toEqual({ status: 400, body: { code: 'INVALID_INPUT' } });
    expect(await post([purchase(1)], 'browser')).toEqual({ status: 403, body: { code: 'FORBIDDEN' } });
    expect(await postDeep(purchase(1))).toMatchObject({ rejected: 1, results: [{ pointer: '/properties', expected: 'at most 16 levels' }] });
  });

  /** JSON.stringify cannot write what JSON.parse reads: the text is put together by hand. */
  async function postDeep(event: object): Promise<unknown> {
    const text = `[${JSON.stringify({ ...event, properties: { deep: 'HERE' } }).replace('"HERE"', '['.repeat(50_000) + ']'.repeat(50_000))}]`;
    const server = Fastify();
    for (const add of shop.routes) add(server, async () => newRequestContext({ tenantId: tenant, role: 'server', keyId: 'k' }));
    const reply = await server.inject({ method: 'POST', url: '/api/v1/events', payload: text, headers: { 'content-type': 'application/json' } });
    await server.close();
    return reply.json();
  }
});
