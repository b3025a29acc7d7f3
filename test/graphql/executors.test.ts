import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execute, getIntrospectionQuery, parse, validate, type ExecutionResult, type GraphQLSchema } from 'graphql';
import { CompiledExecutor } from '../../src/graphql/compiled-executor.js';
import { ErrorFormat } from '../../src/graphql/error-format.js';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { loggerTo, testSchema } from './kit.js';

let schema: GraphQLSchema;
beforeAll(async () => {
  schema = await testSchema();
});

const principal = { tenantId: 't', role: 'admin', keyId: 'k' } as const;
const errors = new ErrorFormat(loggerTo([]));

function executor(): CompiledExecutor {
  return new CompiledExecutor({ schema, errors, maxCost: 100_000, maxOperations: 10 });
}

interface Sent {
  readonly query: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly operationName?: string;
}

function run(by: CompiledExecutor, { query, variables = {}, operationName }: Sent): Promise<ExecutionResult> {
  const queryHash = createHash('sha256').update(query).digest('hex');
  return by.execute({ document: parse(query), queryHash, operationName, variables, context: newRequestContext(principal, 'r') });
}

/** What a client would read; the order of errors is nobody's promise. */
function read(result: ExecutionResult): unknown {
  const { data, errors: found } = JSON.parse(JSON.stringify(result)) as { data?: unknown; errors?: readonly object[] };
  return { data, errors: found?.map(it => JSON.stringify(it)).sort() };
}

async function twice(sent: Sent): Promise<readonly unknown[]> {
  const by = executor();
  return [read(await run(by, sent)), read(await run(by, sent))];
}

const filter = 'query ($f: FilterInput!) { filtered(filter: $f) }';

describe('the compiled executor', () => {
  it('compiles what comes a second time, and not what comes once', async () => {
    const by = executor();
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await run(by, { query: '{ compiled }' })).data?.['compiled']);
    expect(seen).toEqual([false, true, true]);
  });

  it('compiles variables of a type that holds itself', async () => {
    const by = executor();
    const sent = { query: 'query ($f: FilterInput!) { compiled filtered(filter: $f) }', variables: { f: { any: [{ any: [{ year: 1 }] }] } } };
    await run(by, sent);
    expect((await run(by, sent)).data).toEqual({ compiled: true, filtered: '{"any":[{"any":[{"year":1}]}]}' });
  });

  it('keeps operations of one document apart', async () => {
    const by = executor();
    const query = 'query A { book(id: "b1") { id } } query B { book(id: "b2") { id } }';
    for (let i = 0; i < 3; i++) {
      expect(read(await run(by, { query, operationName: 'A' }))).toEqual({ data: { book: { id: 'b1' } }, errors: undefined });
      expect(read(await run(by, { query, operationName: 'B' }))).toEqual({ data: { book: { id: 'b2' } }, errors: undefined });
    }
    const { errors: found } = await run(by, { query });
    expect(found?.[0]?.extensions['code']).toBe('INVALID_INPUT');
  });

  it.each<Sent>([
    { query: '{ book(id: "b1") { id title tags loadedTitle next { id } others { id next { title } } } }' },
    { query: '{ a: book(id: "b1") { ...F } b: book(id: "none") { ...F } } fragment F on Book { id ... on Book { title } }' },
    { query: 'query ($n: Int!, $after: Cursor) { page(first: $n, after: $after) { edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }', variables: { n: 3 } },
    { query: 'query ($n: Int = 2) { page(first: $n) { pageInfo { endCursor } } }' },
    { query: 'query ($ids: [ID!]!) { books(ids: $ids) { id } }', variables: { ids: ['b1', 'b2'] } },
    { query: 'query ($ids: [ID!]!) { books(ids: $ids) { id } }', variables: { ids: 'b1' } },
    { query: 'query ($ids: [ID!]!) { books(ids: $ids) { id } }', variables: { ids: ['b1', null] } },
    { query: 'query ($s: Boolean!) { book(id: "b1") { id @skip(if: $s) title @include(if: $s) } }', variables: { s: true } },
    { query: 'query ($at: DateTime = "2026-03-01T12:00:00+02:00") { echo(at: $at) }' },
    { query: 'query ($at: DateTime, $within: Duration) { echo(at: $at, within: $within) }', variables: { at: '2026-03-01', within: 'P30D' } },
    { query: 'query ($j: JSON) { echo(json: $j) }', variables: { j: { a: [1, null, 'x', { b: true }] } } },
    { query: 'query ($j: Float) { echo(json: { a: [$j, 1.5] }) }', variables: { j: 2 } },
    { query: 'query ($j: JSON) { echo(json: $j) }', variables: { j: { ['__proto__x']: 1 } } },
    { query: filter, variables: { f: { title: 'x' } } },
    { query: filter, variables: { f: { title: 'x', year: 1 } } },
    { query: filter, variables: { f: {} } },
    { query: filter, variables: { f: { any: [{ year: 3 }, { title: null }] } } },
    { query: 'query ($y: Int!) { filtered(filter: { any: [{ year: $y }] }) }', variables: { y: 1 } },
    { query: 'mutation ($i: RatingInput!) { rate(input: $i) }', variables: { i: { stars: 3 } } },
    { query: 'mutation ($i: RatingInput!) { rate(input: $i) }', variables: { i: { stars: 9 } } },
    { query: 'mutation { a: rate(input: { stars: 1 }) b: rate(input: { stars: 6 }) c: rate(input: { stars: 2, note: "x" }) }' },
    { query: '{ fails(how: "bug") book(id: "b1") { id } }' },
    { query: '{ book(id: "b249") { id next { id } } mine: book(id: "b0") { next { id } } }' },
    { query: '{ mustNotBeNull }' },
    { query: '{ time(ms: 0) }' },
    { query: '{ time(ms: 1e300) }' },
    { query: 'query ($n: Int = 3) { page(first: $n) { edges { cursor } } }', variables: { n: null } },
    { query: 'query ($id: ID!) { book(id: $id) { id } }', variables: { id: 7 } },
    { query: '{ __typename book(id: "b1") { __typename } __type(name: "Book") { name fields { name type { kind ofType { name } } } } }' },
  ])('answers alike before and after: $query', async sent => {
    const [interpreted, compiled] = await twice(sent);
    expect(compiled).toEqual(interpreted);
  });

  it('answers an introspection alike before and after', async () => {
    const [interpreted, compiled] = await twice({ query: getIntrospectionQuery({ oneOf: true }) });
    expect(compiled).toEqual(interpreted);
  });

  it('answers as graphql-js alone does, whatever is selected', async () => {
    const by = executor();
    await fc.assert(
      fc.asyncProperty(operation(), async sent => {
        const document = parse(sent.query);
        fc.pre(validate(schema, document).length === 0);
        const plain = await execute({ schema, document, variableValues: sent.variables, contextValue: newRequestContext(principal) });
        await run(by, sent);
        const compiled = await run(by, sent);
        expect(JSON.parse(JSON.stringify(compiled.data))).toEqual(JSON.parse(JSON.stringify(plain.data)));
        expect(compiled.errors?.map(({ path }) => path?.join('.')).sort()).toEqual(plain.errors?.map(({ path }) => path?.join('.')).sort());
      }),
      { numRuns: 150, seed: 7 },
    );
  });
});

/** Queries over books with aliases, fragments, conditions by variable, and now and then the last book, which has no next. */
function operation(): fc.Arbitrary<Sent> {
  const condition = fc.constantFrom('', '', ' @include(if: $yes)', ' @skip(if: $yes)', ' @include(if: $no)');
  const leaf = fc.tuple(fc.constantFrom('id', 'title', 'tags', 'loadedTitle', 't: title', '__typename'), condition).map(([name, when]) => name + when);
  const { selections } = fc.letrec<{ selections: string; selection: string }>(tie => ({
    selections: fc.array(tie('selection'), { minLength: 1, maxLength: 4 }).map(all => `{ ${all.join(' ')} }`),
    selection: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      fc.tuple(fc.constantFrom('next', 'others', 'o: others', '... on Book', '...'), condition, tie('selections')).map(parts => parts.join(' ')),
    ),
  }));
  return fc
    .tuple(fc.constantFrom('b0', 'b248', 'b249', 'none'), selections, fc.boolean())
    .map(([id, selected, yes]) => ({
      query: `query ($yes: Boolean!, $no: Boolean!) { __typename @include(if: $yes) x: __typename @skip(if: $no) book(id: "${id}") ${selected} }`,
      variables: { yes, no: !yes },
    }));
}
