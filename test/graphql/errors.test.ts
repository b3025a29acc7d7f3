import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { errorTable } from '../../src/kernel/errors.js';
import { running, type Running } from './kit.js';

let it_: Running;
beforeAll(async () => {
  it_ = await running();
});
afterAll(() => it_.stop());

interface Shown {
  readonly message: string;
  readonly path?: readonly string[];
  readonly extensions: Readonly<Record<string, unknown>>;
}

/** The errors of one operation over HTTP (twice: compiled too) and over a socket. */
async function errorsOf(query: string, variables?: object): Promise<readonly (readonly Shown[])[]> {
  const first = (await it_.post({ query, variables })).body.errors;
  const second = (await it_.post({ query, variables })).body.errors;
  const client = await it_.socket();
  await client.next();
  client.subscribe('1', query, variables);
  const message = await client.next();
  client.socket.close();
  const third = message.type === 'error' ? message.payload : message.payload.errors;
  return [first, second, third] as readonly (readonly Shown[])[];
}

const secret = 'S3cretValue';

describe('errors on both transports', () => {
  it.each<[string, string, string, object | undefined]>([
    ['a bug', 'INTERNAL', '{ fails(how: "bug") }', undefined],
    ["another library's error with a status", 'INTERNAL', '{ fails(how: "foreign") }', undefined],
    ['a null where none may be', 'INTERNAL', '{ mustNotBeNull }', undefined],
    ['a value that does not serialize', 'INTERNAL', '{ time(ms: 1e300) }', undefined],
    ['an error of the table', 'NOT_FOUND', '{ fails(how: "known") }', undefined],
    ['a row that is not there', 'NOT_FOUND', '{ book(id: "b249") { next { id } } }', undefined],
    ['a page size that is too large', 'INVALID_INPUT', '{ page(first: 101) { edges { cursor } } }', undefined],
    ['a page size of none', 'INVALID_INPUT', '{ page(first: 0) { edges { cursor } } }', undefined],
    ['a cursor that is none', 'INVALID_INPUT', `{ page(after: "${secret}") { edges { cursor } } }`, undefined],
    ['an argument that is not valid', 'INVALID_INPUT', 'mutation ($note: String!) { rate(input: { stars: 9, note: $note }) }', { note: secret }],
    ['a literal of the wrong type', 'INVALID_INPUT', `{ page(first: "${secret}") { edges { cursor } } }`, undefined],
    ['a literal enum for a string', 'INVALID_INPUT', `{ fails(how: ${secret}) }`, undefined],
    ['a literal JSON infinity', 'INVALID_INPUT', '{ echo(json: { a: 1e999 }) }', undefined],
    ['a literal duration that is none', 'INVALID_INPUT', `{ echo(within: "${secret}") }`, undefined],
    ['two of a one-of literal', 'INVALID_INPUT', `{ filtered(filter: { title: "${secret}", year: 1 }) }`, undefined],
    ['two of a one-of variable', 'INVALID_INPUT', 'query ($f: FilterInput!) { filtered(filter: $f) }', { f: { title: secret, year: 1 } }],
    ['two of a one-of deep in a variable', 'INVALID_INPUT', 'query ($f: FilterInput!) { filtered(filter: $f) }', { f: { any: [{ title: 'x' }, { title: secret, year: 1 }] } }],
    ['a null in a one-of variable', 'INVALID_INPUT', 'query ($f: FilterInput!) { filtered(filter: $f) }', { f: { title: null } }],
    ['an unknown field of a variable', 'INVALID_INPUT', 'query ($f: FilterInput!) { filtered(filter: $f) }', { f: { [secret]: 1 } }],
    ['a variable of the wrong type', 'INVALID_INPUT', 'query ($id: ID!) { book(id: $id) { id } }', { id: { [secret]: secret } }],
    ['a variable that is missing', 'INVALID_INPUT', 'query ($id: ID!) { book(id: $id) { id } }', {}],
    ['a variable that is null', 'INVALID_INPUT', 'query ($id: ID!) { book(id: $id) { id } }', { id: null }],
    ['a variable time that is none', 'INVALID_INPUT', 'query ($at: DateTime) { echo(at: $at) }', { at: secret }],
    ['a null where a default was allowed for', 'INVALID_INPUT', 'query ($n: Int = 3) { page(first: $n) { edges { cursor } } }', { n: null }],
    ['a syntax error', 'INVALID_INPUT', `{ "${secret}" }`, undefined],
    ['a field that is not there', 'INVALID_INPUT', '{ bok }', undefined],
  ])('say %s by the code %s alone', async (_what, code, query, variables) => {
    for (const errors of await errorsOf(query, variables)) {
      const text = JSON.stringify(errors);
      expect([...new Set(errors.map(({ extensions }) => extensions['code']))]).toEqual([code]);
      expect(Object.keys(errorTable)).toContain(code);
      expect(text).not.toMatch(/hunter2|secret-index|S3cretValue|stack|node_modules|TypeError/);
      expect(Object.keys(errors[0]?.extensions ?? {}).filter(key => !['code', 'details', 'requestId'].includes(key))).toEqual([]);
    }
  });

  it('say where in a variable it is that does not fit', async () => {
    const [errors] = await errorsOf('query ($f: FilterInput!) { filtered(filter: $f) }', { f: { any: [{ title: 'x' }, { year: 'y' }] } });
    expect(errors?.[0]?.message).toBe('Variable "$f" does not fit the type FilterInput! at .any[1].year.');
  });

  it('leave a bug in the log, with the id that the caller was told', async () => {
    const { body } = await it_.post({ query: '{ fails(how: "bug") other: book(id: "b1") { id } }' });
    expect(body.data).toEqual({ fails: null, other: { id: 'b1' } });
    const { requestId } = body.errors[0].extensions;
    const line = it_.logged.find(text => text.includes(requestId as string)) ?? '';
    expect(line).toContain('hunter2');
    expect(JSON.parse(line).level).toBe(50);
  });

  it('carry details and a path', async () => {
    const { body } = await it_.post({ query: '{ a: fails(how: "known") }' });
    expect(body.errors).toEqual([
      {
        message: 'There is no such thing.',
        locations: [{ line: 1, column: 3 }],
        path: ['a'],
        extensions: { code: 'NOT_FOUND', details: { limit: 3 }, requestId: expect.any(String) },
      },
    ]);
  });

  it('of an event do not end the subscription', async () => {
    const client = await it_.socket();
    await client.next();
    client.subscribe('s', 'subscription { ticks { n broken } }');
    while (it_.shelf.queues.size === 0) await new Promise(resolve => setTimeout(resolve, 5));
    for (const n of [1, 2]) {
      it_.shelf.tick(n);
      const { payload } = await client.next();
      expect(payload.data).toBeNull();
      expect(payload.errors[0].extensions.code).toBe('INTERNAL');
      expect(JSON.stringify(payload)).not.toContain('hunter2');
    }
  });
});
