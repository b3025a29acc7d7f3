import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { getIntrospectionQuery } from 'graphql';
import { serverAudits } from 'graphql-http';
import { defaultLimits } from '../../src/graphql/operation-limits.js';
import { LimitExceeded } from '../../src/kernel/errors.js';
import { running, type Running, type Untyped } from './kit.js';

let it_: Running;
beforeAll(async () => {
  it_ = await running({ allowedOrigins: ['https://shop.example'] }, [
    (server, contextOf) => {
      server.post('/api/who', async request => (await contextOf(request)).principal);
      server.get('/api/full', () => {
        throw new LimitExceeded('Too much.');
      });
      server.get('/api/bug', () => {
        throw new TypeError('password=hunter2');
      });
    },
  ]);
});
afterAll(() => it_.stop());

describe('GraphQL over HTTP', () => {
  it('has no error in the audits of graphql-http', async () => {
    const fetchFn = (url: string, init: RequestInit = {}): Promise<Response> =>
      fetch(url, { ...init, headers: { ...(init.headers as Record<string, string> | undefined), authorization: 'Bearer admin' } });
    await Promise.all(serverAudits({ url: it_.url, fetchFn }).map(({ fn }) => fn())); // then all of it has come before
    const results = await Promise.all(serverAudits({ url: it_.url, fetchFn }).map(({ fn }) => fn()));
    const named = (status: string): string[] => results.filter(it => it.status === status).map(({ name }) => name).sort();
    expect(results.length).toBeGreaterThan(50);
    expect(named('error')).toEqual([]);
    expect(named('warn')).toEqual([
      'SHOULD use 200 status code on document parsing failure when accepting application/json',
      'SHOULD use 200 status code on document validation failure when accepting application/json',
      'SHOULD use a status code of 200 on variable coercion failure when accepting application/json',
    ]);
  });

  it('answers a query', async () => {
    const { status, body } = await it_.post({ query: '{ book(id: "b3") { id title tags } }' });
    expect({ status, body }).toEqual({ status: 200, body: { data: { book: { id: 'b3', title: 'Book 3', tags: ['a', 'b'] } } } });
  });

  it('loads the rows of one operation in one batch', async () => {
    it_.shelf.batches.length = 0;
    await it_.post({ query: '{ a: book(id: "b3") { loadedTitle } b: book(id: "b4") { loadedTitle next { loadedTitle } } }' });
    expect(it_.shelf.batches.flat().sort()).toEqual(['b3', 'b4', 'b5']);
    expect(it_.shelf.batches.length).toBeLessThanOrEqual(2);
  });

  it('answers an introspection by GraphiQL', async () => {
    const { body } = await it_.post({ query: getIntrospectionQuery({ oneOf: true, inputValueDeprecation: true, schemaDescription: true, specifiedByUrl: true }) });
    expect(body.errors).toBeUndefined();
    const types = body.data.__schema.types as readonly { readonly name: string; readonly isOneOf?: boolean }[];
    expect(types.find(({ name }) => name === 'FilterInput')?.isOneOf).toBe(true);
  });

  it.each([['wrong', 'Bearer nonsense'], ['of another scheme', 'Basic YWRtaW46'], ['missing', '']])('refuses a credential that is %s', async (_how, authorization) => {
    const { status, body } = await it_.post({ query: '{ __typename }' }, { authorization });
    expect(status).toBe(401);
    expect(body.errors[0].extensions.code).toBe('UNAUTHENTICATED');
    expect(body.data).toBeUndefined();
  });

  it('refuses what a role may not do, and other customers', async () => {
    const asBrowser = { authorization: 'Bearer browser-ada' };
    const { body } = await it_.post({ query: '{ adminOnly }' }, asBrowser);
    expect(body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect((await it_.post({ query: '{ customer(id: "ada") }' }, asBrowser)).body.data.customer).toBe('ada');
    expect((await it_.post({ query: '{ customer(id: "bob") }' }, asBrowser)).body.errors[0].extensions.code).toBe('FORBIDDEN');
    expect((await it_.post({ query: '{ customer(id: "bob") }' }, { authorization: 'Bearer server' })).body.data.customer).toBe('bob');
  });

  it('takes queries by GET, and no mutation', async () => {
    const get = (query: string): Promise<Response> => fetch(`${it_.url}?query=${encodeURIComponent(query)}`, { headers: { authorization: 'Bearer admin' } });
    expect(await (await get('{ book(id: "b1") { id } }')).json()).toEqual({ data: { book: { id: 'b1' } } });
    const before = it_.shelf.ratings;
    const refused = await get('mutation { rate(input: { stars: 1 }) }');
    expect(refused.status).toBe(405);
    expect(it_.shelf.ratings).toBe(before);
  });

  it('refuses what a page of another site can send without being asked', async () => {
    const response = await fetch(it_.url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify({ query: '{ __typename }' }) });
    expect(response.status).toBe(400);
  });

  it('refuses a subscription and several operations in one body', async () => {
    expect((await it_.post({ query: 'subscription { ticks { n } }' })).body.errors[0].extensions.code).toBe('INVALID_INPUT');
    const batch = await it_.post([{ query: '{ __typename }' }]);
    expect(batch.status).toBe(400);
    expect(batch.body.errors[0].extensions.code).toBe('INVALID_INPUT');
  });

  it('answers a body of 10 MB with a stable code', async () => {
    const { status, body } = await it_.post({ query: `{ book(id: "${'x'.repeat(10_000_000)}") { id } }` });
    expect(status).toBe(413);
    expect(body.errors[0].extensions.code).toBe('LIMIT_EXCEEDED');
  });

  it.each([
    ['broken JSON', '{ "query": "{ __type'],
    ['an empty body', ''],
    ['a prototype', '{"query":"{ __typename }","__proto__":{"x":1}}'],
    ['no object', '"{ __typename }"'],
    ['a number for a query', '{"query":7}'],
  ])('answers %s with a stable code', async (_what, body) => {
    const response = await fetch(it_.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer admin' }, body });
    const answer = (await response.json()) as Untyped;
    expect(response.status).toBe(400);
    expect(answer.errors[0].extensions.code).toBe('INVALID_INPUT');
  });

  it('answers a Host header that is none with a stable code', async () => {
    const { port } = new URL(it_.url);
    const answer = await new Promise<{ status: number | undefined; text: string }>(resolve => {
      const call = httpRequest({ port, host: '127.0.0.1', path: '/graphql', method: 'GET', headers: { host: 'a b' } }, response => {
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString())).on('end', () => {
          resolve({ status: response.statusCode, text });
        });
      });
      call.end();
    });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text).errors[0].extensions.code).toBe('INVALID_INPUT');
  });
});

describe('an operation that comes again', () => {
  /** All of an answer but what says when and to which request. */
  async function answerTo(body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<object> {
    const response = await fetch(it_.url, { method: 'POST', headers: { 'content-type': 'application/json', authorization: 'Bearer admin', ...headers }, body: JSON.stringify(body) });
    const kept = [...response.headers].filter(([name]) => name !== 'date' && name !== 'x-request-id');
    return { status: response.status, headers: kept, text: (await response.text()).replaceAll(/"requestId":"[^"]*"/g, '') };
  }

  it.each([
    ['a query', { query: 'query ($id: ID!) { book(id: $id) { id title tags } }', variables: { id: 'b3' } }],
    ['one of two operations', { query: 'query A { a: __typename } query B { b: __typename }', operationName: 'B', variables: null }],
    ['one without its name', { query: 'query A { a: __typename } query B { b: __typename }' }],
    ['a failed field', { query: '{ fails(how: "known") book(id: "b1") { id } }' }],
    ['a fault of ours', { query: '{ fails(how: "bug") }' }],
    ['no data for a failed field', { query: '{ mustNotBeNull }' }],
    ['wrong variables', { query: 'query ($id: ID!) { book(id: $id) { id } }', variables: { id: {} } }],
    ['variables that are no object', { query: '{ __typename }', variables: [1] }],
    ['a name that is no text', { query: '{ __typename }', operationName: 7 }],
    ['what does not parse', { query: '{ __typename' }],
    ['what is not valid', { query: '{ nothing }' }],
    ['what is too dear', { query: 'query ($ids: [ID!]!) { books(ids: $ids) { firstOnes(first: 100) { id } } }', variables: { ids: Array.from({ length: 1000 }, (_, i) => `b${i}`) } }],
    ['a subscription', { query: 'subscription { ticks { n } }' }],
    ['an unknown parameter', { query: '{ __typename }', extensions: { persistedQuery: { version: 1, sha256Hash: 'x' } } }],
  ])('is answered as it was the first time: %s', async (_what, body) => {
    const first = await answerTo(body);
    expect(await answerTo(body)).toEqual(first);
    expect(await answerTo(body)).toEqual(first);
  });

  it.each([
    ['a wrong key', { authorization: 'Bearer nonsense' }],
    ['a role that may not', { authorization: 'Bearer browser-ada' }],
    ['a client that wants GraphQL', { accept: 'application/graphql-response+json' }],
    ['a client that wants what there is not', { accept: 'image/png' }],
    ['another type of content', { 'content-type': 'text/plain' }],
  ])('is answered as it was the first time to %s', async (_what, headers) => {
    const body = { query: '{ adminOnly }' };
    const before = await answerTo(body, headers);
    await answerTo(body);
    await answerTo(body);
    expect(await answerTo(body, headers)).toEqual(before);
  });

  it('runs a mutation once each time', async () => {
    const before = it_.shelf.ratings;
    for (let i = 0; i < 3; i++) await answerTo({ query: 'mutation { rate(input: { stars: 1 }) }' });
    expect(it_.shelf.ratings).toBe(before + 3);
  });

  it('reads rows anew', async () => {
    const body = { query: '{ again: book(id: "b7") { loadedTitle } }' };
    await answerTo(body);
    it_.shelf.batches.length = 0;
    await answerTo(body);
    await answerTo(body);
    expect(it_.shelf.batches).toEqual([['b7'], ['b7']]);
  });
});

describe('bounds of an operation over HTTP', () => {
  const nested = (levels: number): string => `{ book(id: "b1") { id ${'next { id '.repeat(levels)}${'}'.repeat(levels)} } }`;
  const codeOf = async (body: object): Promise<unknown> => {
    const { errors } = (await it_.post(body)).body;
    return errors?.[0].extensions.code;
  };

  it('holds for depth, through fragments too', async () => {
    expect(await codeOf({ query: nested(defaultLimits.maxDepth - 2) })).toBeUndefined();
    expect(await codeOf({ query: nested(defaultLimits.maxDepth - 1) })).toBe('LIMIT_EXCEEDED');
    const viaFragments = 'query { book(id: "b1") { ...F0 } }' + Array.from({ length: 12 }, (_, i) => `fragment F${i} on Book { next { ${i < 11 ? `...F${i + 1}` : 'id'} } }`).join(' ');
    expect(await codeOf({ query: viaFragments })).toBe('LIMIT_EXCEEDED');
  });

  it('holds for aliases and root fields', async () => {
    const roots = (count: number): string => `{ ${Array.from({ length: count }, (_, i) => `a${i}: __typename`).join(' ')} }`;
    expect(await codeOf({ query: roots(20) })).toBeUndefined();
    expect(await codeOf({ query: roots(21) })).toBe('LIMIT_EXCEEDED');
    const aliases = (count: number): string => `{ book(id: "b1") { ${Array.from({ length: count }, (_, i) => `a${i}: id`).join(' ')} } }`;
    expect(await codeOf({ query: aliases(50) })).toBeUndefined();
    expect(await codeOf({ query: aliases(51) })).toBe('LIMIT_EXCEEDED');
  });

  it('holds for tokens', async () => {
    expect(await codeOf({ query: `{ __typename ${'@skip(if: false) '.repeat(500)} }` })).toBe('LIMIT_EXCEEDED');
  });

  it('holds for cost, whether rows are asked for by literals, variables or their defaults', async () => {
    const page = (first: string): string => `page(first: ${first}) { edges { node { others { others { others { id } } } } } }`;
    expect(await codeOf({ query: `{ ${page('2')} }` })).toBeUndefined();
    expect(await codeOf({ query: `{ ${page('100')} }` })).toBe('LIMIT_EXCEEDED');
    expect(await codeOf({ query: `query ($n: Int!) { ${page('$n')} }`, variables: { n: 2 } })).toBeUndefined();
    expect(await codeOf({ query: `query ($n: Int!) { ${page('$n')} }`, variables: { n: 100 } })).toBe('LIMIT_EXCEEDED');
    expect(await codeOf({ query: `query ($n: Int! = 100) { ${page('$n')} }` })).toBe('LIMIT_EXCEEDED');
    const ids = Array.from({ length: 60 }, (_, i) => `b${i}`);
    const books = 'query ($ids: [ID!]!) { books(ids: $ids) { others { others { others { id } } } } }';
    expect(await codeOf({ query: books, variables: { ids: ids.slice(0, 3) } })).toBeUndefined();
    expect(await codeOf({ query: books, variables: { ids } })).toBe('LIMIT_EXCEEDED');
  });

  it.each([
    ['others { id }', 1],
    ['firstOnes(first: $n) { id }', 1],
    ['others { id }', 0],
  ])('is checked quickly where fragments double at each step, however often it comes: %s of %d rows', async (last, n) => {
    const doubled = Array.from({ length: 60 }, (_, i) => `fragment F${i} on Book { ...F${i + 1} ...F${i + 1} }`).join(' ');
    const query = `query ($n: Int!) { page(first: $n) { edges { node { ...F0 } } } } ${doubled} fragment F60 on Book { ${last} }`;
    for (let i = 0; i < 3; i++) expect(await codeOf({ query, variables: { n } })).toBe('LIMIT_EXCEEDED');
  });

  it('holds before an operation is compiled', async () => {
    const query = `query ($n: Int!) { page(first: $n) { edges { node { others { others { id } } } } } }`;
    for (let i = 0; i < 3; i++) expect(await codeOf({ query, variables: { n: 1000 } })).toBe('LIMIT_EXCEEDED');
    expect(await codeOf({ query, variables: { n: 1 } })).toBeUndefined();
  });
});

describe('plain HTTP routes', () => {
  const at = (path: string): string => it_.url.replace('/graphql', path);

  it('know who asks', async () => {
    const response = await fetch(at('/api/who'), { method: 'POST', headers: { authorization: 'Bearer browser-ada' } });
    expect(await response.json()).toEqual({ tenantId: 't', role: 'browser', keyId: 'k', customerId: 'ada' });
    expect((await fetch(at('/api/who'), { method: 'POST' })).status).toBe(401);
  });

  it('answer errors as GraphQL does', async () => {
    const full = await fetch(at('/api/full'));
    expect([full.status, ((await full.json()) as Untyped).errors[0].extensions.code]).toEqual([413, 'LIMIT_EXCEEDED']);
    const bug = await fetch(at('/api/bug'));
    const text = await bug.text();
    expect(bug.status).toBe(500);
    expect(text).not.toContain('hunter2');
    expect(JSON.parse(text).errors[0].extensions).toEqual({ code: 'INTERNAL', requestId: bug.headers.get('x-request-id') });
    const missing = await fetch(at('/nowhere'));
    expect([missing.status, ((await missing.json()) as Untyped).errors[0].extensions.code]).toEqual([404, 'NOT_FOUND']);
  });

  it('tell browsers which pages may call', async () => {
    const preflight = (origin: string): Promise<Response> =>
      fetch(it_.url, { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' } });
    const allowed = await preflight('https://shop.example');
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, 'https://shop.example']);
    expect((await preflight('https://evil.example')).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('serve GraphiQL from here alone', async () => {
    const page = await (await fetch(at('/graphiql'))).text();
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '').filter(address => !address.startsWith('data:'));
    expect(addresses.length).toBeGreaterThan(4);
    expect(addresses.filter(address => !address.startsWith('/graphiql/'))).toEqual([]);
    for (const address of addresses) expect((await fetch(at(address))).status).toBe(200);
    const script = await (await fetch(at('/graphiql/start.js'))).text();
    for (const [, module] of script.matchAll(/from '\.(\/[^']+)'/g)) expect((await fetch(at(`/graphiql${module ?? ''}`))).status).toBe(200);
  });
});
