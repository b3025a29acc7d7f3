import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { dynamic, number, Shop, type Reply } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(() => shop.projection.stop());

type Row = Readonly<Record<string, unknown>>;
interface Sent {
  readonly results: readonly Row[];
}
interface Page {
  readonly edges: readonly { readonly node: Row }[];
  readonly pageInfo: { readonly endCursor: string };
}

const upsert = (input: object): Promise<Reply> =>
  shop.ask(tenant, 'mutation($input: EventTypeInput!) { it: upsertEventType(input: $input) { eventType { name mode isDefined purposes } } }', { input }, 'admin');
const define = async (name: string, mode: string, schema?: object): Promise<void> => {
  expect((await upsert({ name, mode, ...(schema !== undefined && { schema }) })).refusals).toEqual([]);
};
const event = (type: string, properties: object = {}): { readonly id: string } => ({ id: randomUUID(), customerId: 'ada', type, properties } as never);
const send = async (...events: readonly object[]): Promise<Sent> => (await shop.ingest(tenant, events)).data.it as Sent;
const rejected = async (args = ''): Promise<readonly Row[]> =>
  ((await shop.ask(tenant, `{ it: rejectedEvents${args} { edges { node { eventId type customerId pointer expected got body } } } }`, {}, 'admin')).data.it as Page).edges.map(it => it.node);
const resend = async (input = '{}'): Promise<unknown> =>
  (await shop.ask(tenant, `mutation { it: resendRejectedEvents(input: ${input}) { accepted duplicates rejected } }`, {}, 'admin')).data.it;
const types = async (): Promise<readonly Row[]> => (await shop.ask(tenant, '{ eventTypes { name mode isDefined learned } }')).data.eventTypes as readonly Row[];

const order = {
  type: 'object', required: ['total', 'lines'], additionalProperties: false,
  properties: {
    total: { type: 'number', minimum: 0 }, currency: { enum: ['EUR', 'USD'] }, placed: { type: 'string', format: 'date-time' },
    lines: { type: 'array', items: { type: 'object', required: ['sku'], properties: { sku: { type: 'string' }, 'a/b~c': { const: 1 } } } },
  },
};
const good = { total: 5, lines: [{ sku: 'x' }], currency: 'EUR', placed: '2026-01-01T00:00:00Z' };

describe('event types', () => {
  it('are given from the start, for every tenant', async () => {
    expect((await types()).map(it => [it['name'], it['mode'], it['isDefined']])).toEqual(
      ['add_to_cart', 'email_click', 'email_open', 'form_submit', 'login', 'page_view', 'purchase'].map(name => [name, 'warn', false]),
    );
    const reply = await send(event('page_view', { sessionId: 's', pageUrl: '/', userAgent: 'u', metadata: { any: [1] } }), event('page_view', { sessionId: 7 }));
    expect(reply).toMatchObject({ accepted: 2, rejected: 0 });
    expect(reply.results[0]).toMatchObject({ pointer: null });
    expect(reply.results[1]).toMatchObject({ status: 'ACCEPTED', pointer: '/properties/sessionId', expected: 'of type string', got: 'number' });
  });

  it.each([
    ['a value is missing', { lines: [] }, '/properties/total', 'a value', 'nothing'],
    ['a value has another type', { ...good, total: 'much' }, '/properties/total', 'of type number', 'text'],
    ['a value is out of range', { ...good, total: -1 }, '/properties/total', 'must be >= 0', 'number'],
    ['a value is none of a few', { ...good, currency: 'GBP' }, '/properties/currency', 'one of ["EUR","USD"]', 'text'],
    ['a text is of no such format', { ...good, placed: 'yesterday' }, '/properties/placed', 'must match format "date-time"', 'text'],
    ['there is a property too many', { ...good, tip: true }, '/properties/tip', 'no such property', 'boolean'],
    ['it is deep within', { ...good, lines: [{ sku: 'x' }, { sku: null }] }, '/properties/lines/1/sku', 'of type string', 'null'],
    ['its name needs escaping', { ...good, lines: [{ sku: 'x', 'a/b~c': [2] }] }, '/properties/lines/0/a~1b~0c', '1', 'list'],
  ])('refuse in strict mode where %s, and say what came instead', async (_what, properties, pointer, expected, got) => {
    await define('order', 'strict', order);
    const reply = await send(event('order', good), event('order', properties));
    expect(reply).toMatchObject({ accepted: 1, rejected: 1 });
    expect(reply.results[1]).toMatchObject({ status: 'REJECTED', code: 'INVALID_INPUT', pointer, expected, got });
    expect(JSON.stringify(reply)).not.toMatch(/much|GBP|yesterday/);
  });

  it('check patterns in a time that no event can stretch', async () => {
    await define('note', 'strict', { type: 'object', properties: { code: { type: 'string', pattern: '^(a+)+$' }, other: { type: 'string', pattern: '^b' } } });
    const reply = await send(event('note', { code: 'a'.repeat(5000), other: 'b' }), event('note', { code: `${'a'.repeat(5000)}!` }));
    expect(reply).toMatchObject({ accepted: 1, rejected: 1 });
    expect(reply.results[1]).toMatchObject({ pointer: '/properties/code', got: 'text' });
    expect((await upsert({ name: 'note', mode: 'strict', schema: { type: 'object', properties: { code: { type: 'string', pattern: '(a)\\1' } } } })).refusals).toEqual([['INVALID_INPUT', '/schema']]);
  });

  it('hold up no other event where a schema leads back to itself', async () => {
    await define('circle', 'strict', { properties: { in: { allOf: [{ $ref: '#/properties/in' }] } } });
    const reply = await send(event('circle', { in: 1 }), event('circle', {}), event('login'));
    expect(reply).toMatchObject({ accepted: 2, rejected: 1 });
    expect(reply.results[0]).toMatchObject({ status: 'REJECTED', pointer: '/properties' });
  });

  it('keep all their versions', async () => {
    const versions = async (): Promise<unknown> => (await shop.ask(tenant, '{ it: eventTypeVersions(name: "order") { version since mode schema } }')).data.it;
    expect(await versions()).toEqual([]);
    await define('order', 'strict', order);
    await define('order', 'strict', order); // says nothing new
    await define('order', 'learn');
    expect(await versions()).toEqual([
      { version: 1, since: expect.any(Number), mode: 'strict', schema: order },
      { version: 2, since: expect.any(Number), mode: 'learn', schema: {} },
    ]);
    expect((await shop.ask(tenant, '{ it: eventTypeVersions(name: "order") { version } }', {}, 'browser')).refusals).toEqual([['FORBIDDEN', undefined]]);
  });

  it('warn, or learn, where they are told to', async () => {
    await define('order', 'warn', order);
    expect((await send(event('order', { total: 'much' }))).results[0]).toMatchObject({ status: 'ACCEPTED', pointer: expect.any(String) });
    await define('order', 'learn', order);
    const { results: [result] } = await send(event('order', { total: 'much', extra: [1], nothing: null }), event('order', { total: 1 }));
    expect(result).toMatchObject({ status: 'ACCEPTED', pointer: null });
    expect((await types()).find(it => it['name'] === 'order')?.['learned']).toEqual({
      type: 'object', properties: { extra: { type: ['array'] }, nothing: { type: ['null'] }, total: { type: ['number', 'string'] } },
    });
  });

  it('refuse types that nobody defined, until * says otherwise', async () => {
    expect((await send(event('teleport'))).results[0]).toMatchObject({ status: 'REJECTED', pointer: '/type', got: 'text' });
    await define('*', 'learn');
    expect(await send(event('teleport', { to: 'x' }), event('no\nname'))).toMatchObject({ accepted: 1, rejected: 1 });
    expect((await types()).find(it => it['name'] === 'teleport')).toEqual({ name: 'teleport', mode: 'learn', isDefined: false, learned: { type: 'object', properties: { to: { type: ['string'] } } } });
  });

  it('take the place of given ones, and give it back', async () => {
    await define('login', 'strict', { type: 'object', required: ['sessionId'] });
    expect(await send(event('login'))).toMatchObject({ rejected: 1 });
    expect((await shop.ask(tenant, 'mutation { deleteEventType(input: { name: "login" }) { id } }', {}, 'admin')).refusals).toEqual([]);
    expect(await send(event('login'))).toMatchObject({ accepted: 1 });
    expect((await shop.ask(tenant, 'mutation { deleteEventType(input: { name: "login" }) { id } }', {}, 'admin')).refusals).toEqual([['NOT_FOUND', '/name']]);
  });

  it('stay while something asks for their events; the refusal says what does', async () => {
    const remove = (name: string): Promise<Reply> => shop.ask(tenant, 'mutation R($name: ID!) { deleteEventType(input: { name: $name }) { id } }', { name }, 'admin');
    await define('refund', 'learn');
    await define('login', 'learn');
    await shop.define(tenant, {
      segments: [dynamic('angry', { not: { did: { event: 'refund', atLeast: 1 } } }), dynamic('active', { did: { event: 'login', atLeast: 1 } })],
      features: [number('refunds', { aggregate: { function: 'count', event: 'refund', windowMs: 3_600_000 } })],
    });
    expect((await remove('refund')).refusals).toEqual([['CONFLICT', undefined]]);
    expect((await remove('login')).refusals).toEqual([]);
    await shop.definitions.change(tenant, 'test', [{ kind: 'segment', id: 'angry', body: null }, { kind: 'feature', id: 'refunds', body: null }]);
    expect((await remove('refund')).refusals).toEqual([]);
  });

  it('refuse schemas that are none, reach outside, or are too large, with the place', async () => {
    for (const schema of [{ type: 'nonsense' }, { $ref: 'https://example.org/schema' }, { needed: ['a'] }, { type: 'string', format: 'colour' }, { properties: 7 }, { $async: true }]) {
      expect((await upsert({ name: 'order', mode: 'strict', schema })).refusals).toEqual([['INVALID_INPUT', '/schema']]);
    }
    expect((await upsert({ name: 'order', mode: 'strict', schema: { title: 'x'.repeat(20_000) } })).refusals).toEqual([['INVALID_INPUT', '/schema']]);
    expect((await upsert({ name: '7 of*', mode: 'strict' })).refusals).toEqual([['INVALID_INPUT', '/name']]);
    expect(await types()).toHaveLength(7);
  });

  it('are compiled anew for everybody when they change, and stay apart by tenant', async () => {
    await define('order', 'strict', { required: ['a'] });
    expect(await send(event('order'))).toMatchObject({ rejected: 1 });
    await define('order', 'strict', { required: [] });
    expect(await send(event('order'))).toMatchObject({ accepted: 1 });
    const theirs = await shop.newTenant();
    expect((await shop.ingest(theirs, [event('order')])).data.it).toMatchObject({ rejected: 1 });
  });
});

describe('rejected events', () => {
  it('are kept once, as they came, and can be sent again after a fix', async () => {
    await define('order', 'strict', order);
    const bad = event('order', { total: '5', lines: [] });
    const other = event('teleport');
    await send(bad, other, bad);
    await send(bad);
    const [first, second, ...rest] = await rejected();
    expect(rest).toEqual([]);
    expect(first).toMatchObject({ eventId: bad.id, type: 'order', customerId: 'ada', pointer: '/properties/total', got: 'text' });
    expect(JSON.parse(String(first?.['body']))).toEqual({ ...bad, at: new Date(shop.clock.now()).toISOString() });
    expect(second).toMatchObject({ eventId: other.id, pointer: '/type' });
    expect(await resend()).toEqual({ accepted: 0, duplicates: 0, rejected: 2 });
    const sentAt = shop.clock.now();
    await define('order', 'warn', order);
    shop.clock.advance(60_000);
    expect(await resend('{ type: "teleport" }')).toEqual({ accepted: 0, duplicates: 0, rejected: 1 });
    expect(await resend()).toEqual({ accepted: 1, duplicates: 0, rejected: 1 });
    expect((await rejected()).map(it => it['eventId'])).toEqual([other.id]);
    const { rows } = await pool.query<{ at: Date }>('SELECT at FROM events WHERE tenant_id = $1 AND id = $2', [tenant, bad.id]);
    expect(rows.map(it => it.at.getTime())).toEqual([sentAt]);
  });

  it('are not kept where they are no events at all', async () => {
    let deep: unknown = 1;
    for (let i = 0; i < 40; i++) deep = [deep];
    await send({ id: 'x', customerId: 'ada', type: 'login', properties: 'y'.repeat(90_000) });
    expect(await rejected()).toEqual([]);
    await send({ id: 'a\u0000', customerId: '\ud800', type: 'lo\u0000gin' });
    expect(await rejected()).toMatchObject([{ eventId: null, customerId: null, type: null, pointer: '/id' }]);
  });

  it('are for admins, by page, and of one tenant', async () => {
    await send(...Array.from({ length: 5 }, (_, i) => ({ ...event(`t${i}`), id: `e${i}` })));
    expect((await rejected('(type: "t3")')).map(it => it['eventId'])).toEqual(['e3']);
    const page = (after?: string): Promise<Reply> => shop.ask(tenant, `{ it: rejectedEvents(first: 3${after === undefined ? '' : `, after: "${after}"`}) { edges { node { eventId } } pageInfo { endCursor hasNextPage } } }`, {}, 'admin');
    const first = (await page()).data.it as Page;
    const second = (await page(first.pageInfo.endCursor)).data.it as Page;
    expect([...first.edges, ...second.edges].map(it => it.node['eventId'])).toEqual(['e0', 'e1', 'e2', 'e3', 'e4']);
    expect((await shop.ask(tenant, '{ rejectedEvents { edges { cursor } } }')).refusals).toEqual([['FORBIDDEN', undefined]]);
    const theirs = await shop.newTenant();
    expect((await shop.ask(theirs, '{ rejectedEvents { edges { cursor } } }', {}, 'admin')).data.rejectedEvents.edges).toEqual([]);
  });
});
