import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { AggregateRow } from '../../src/features/aggregate-values.js';
import type { Aggregate, FeatureDefinition } from '../../src/features/feature.js';
import { computedOf, parametersOf, planOf, textOfAll, type ComputedCustomer, type Plan } from '../../src/features/recount.postgres.js';
import type { Json } from '../../src/kernel/json.js';
import { number, Shop } from '../customers/shop.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithSpark } from '../support/spark.js';
import { definitionOf, drawnAggregate, drawnEvents, functions, logOf, property, wheres } from './drawn.js';
import type { LoggedEvent } from './oracle.js';
import { sparkSource } from './spark-source.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
afterAll(() => shop.projection.stop());
const [hourMs, dayMs] = [3_600_000, 86_400_000];
const start = shop.clock.now();
const windows = [hourMs, dayMs, 7 * dayMs, 30 * dayMs, 90 * dayMs];

/** What each engine is asked: all values of these definitions, for all customers, at this time. */
interface Case {
  readonly definitions: readonly FeatureDefinition[];
  readonly now: number;
}

/** By customer. */
type Answers = Readonly<Record<string, ComputedCustomer>>;

const oddName = `it's "odd" \\ ; -- $\{x} 'é.😀[0]`;
const odd: readonly Json[] = [
  0.1, 0.2, 0.1 + 0.2, 1 / 3, -1e-6, 0, 1, 1e15 + 0.5, 123_456_789_012, '12', '1', '1.0', 'true', '', ' ', 'A', 'a', 'é', 'e\u0301', '😀', '\u2028', 'line\nbreak\ttab', `O'Brien`, '"', '\\', ';', '${x}',
  true, false, null, {}, { value: 7 }, { deep: [{ '': null }] }, [], ['a', 'é', '😀"'], ['a', 1], [[]], '2026-01-15T12:00:00+01:00', '2026-01-15T24:00Z', '2024-02-29', '2023-02-29', '2026-01-01T00:00:00.1239-00:30',
];
const ages = [-1000, 0, 1, ...windows.flatMap(it => [it - 1, it, it + 1]), 47 * hourMs, 48 * hourMs, 91 * dayMs];

const oddLog: readonly LoggedEvent[] = ages.flatMap((ageMs, i) => odd.map((value, k): LoggedEvent => ({
  id: `odd-${i}-${k}`, type: k % 3 === 0 ? 'purchase' : 'page_view', at: start - ageMs,
  // Each value in each place, and each place empty at times.
  properties: { ...(k % 7 !== i % 7 && { value }), kind: odd[(k * 5 + i) % odd.length] ?? null, sessionId: odd[(k + i) % 4] ?? null, [oddName]: odd[(k + i * 3) % odd.length] ?? null },
})));

const drawnLogs = fc.sample(drawnEvents, { numRuns: 60, seed: 7 });

async function fill(tenant: string): Promise<void> {
  const customers: readonly (readonly [string, readonly LoggedEvent[]])[] = [
    ...drawnLogs.map((drawn, i) => [`drawn ${i}`, logOf(drawn, `e${i}`, start)] as const),
    ...[0, 1, 2, 3].map(i => [`odd '${i}" é😀\\`, oddLog.filter((_, k) => k % 4 === i)] as const),
  ];
  for (const [customerId, log] of customers) {
    // In no order of time, and some of them twice.
    const events = [...log].sort((a, b) => (a.id < b.id ? 1 : -1)).map(it => ({ ...it, id: `${customerId} ${it.id}`, customerId, at: new Date(it.at).toISOString() }));
    const { data } = await shop.ingest(tenant, [...events, ...events.slice(0, 3)]);
    expect(data.it).toMatchObject({ accepted: events.length, rejected: 0 });
  }
}

const of = (name: string, aggregate: Aggregate, valueType: FeatureDefinition['valueType'] = 'number'): FeatureDefinition => number(name, { valueType, aggregate });

/** Each function over each property, in the value types that it has. */
function everything(windowMs: number): readonly FeatureDefinition[] {
  return functions.flatMap(it => {
    if (it === 'count' || it === 'recencyDays') return [of(it, { function: it, windowMs }), of(`${it} of purchases`, { function: it, windowMs, event: 'purchase' })];
    if (it === 'ratio') return [of(it, { function: it, windowMs, event: 'purchase', per: { where: property('kind', 'exists') } })];
    return ['value', 'kind', oddName].flatMap(named => {
      const types = it === 'last' || it === 'first' ? (['number', 'string', 'boolean', 'strings'] as const) : (['number'] as const);
      return types.map(type => of(`${it} ${type} ${named}`, { function: it, windowMs, property: named }, type));
    });
  });
}

const everyWhere: readonly FeatureDefinition[] = [
  ...wheres,
  ...odd.filter(it => typeof it === 'string').filter(it => it !== '').flatMap(it => [property(oddName, 'equals', it), property(oddName, 'contains', it), property(oddName, 'startsWith', it)]),
  ...['0000-01-01', '2026-01-15T11:00:00Z', '2026-01-15T11:00:00.001Z', '2026-01-01T00:30:00.123Z', '2026-01-01T00:30:00.124Z', '2024-02-29T00:00:00.001Z'].map(it => property(oddName, 'before', it)),
  property(oddName, 'equals', true), property(oddName, 'notEquals', false), property(oddName, 'equals', 0), property(oddName, 'in', ['é', '😀"']), property(oddName, 'lessThan', 0.3), property(oddName, 'between', [0.1, 1 / 3]),
].map((where, i) => of(`where ${i}`, { function: 'count', windowMs: 90 * dayMs, ...(where !== undefined && { where }) }));

const since: readonly FeatureDefinition[] = [0, 1, 7 * dayMs].flatMap(ageMs => [
  of(`since ${ageMs}`, { function: 'count', windowMs: 4 * 366 * dayMs, since: start - ageMs }),
  of(`purchases since ${ageMs}`, { function: 'count', event: 'purchase', windowMs: 4 * 366 * dayMs, since: start - ageMs }),
]);

const drawnCases: readonly Case[] = fc
  .sample(fc.tuple(fc.array(drawnAggregate, { minLength: 6, maxLength: 12 }), fc.integer({ min: -dayMs, max: 40 * dayMs })), { numRuns: 12, seed: 11 })
  .map(([some, laterMs]) => ({ definitions: some.map((it, i) => definitionOf(`f${i}`, it)), now: start + laterMs }));

/** All that is made of the rows: values, and the time at which one of them next changes. */
const answersOf = ({ definitions, now }: Case, rows: readonly AggregateRow[]): Answers =>
  Object.fromEntries(rows.map(row => [String(row['customer_id']), computedOf(planOf(definitions), [row], {}, now)]));

function statementOf({ definitions }: Case): Plan['statements'][number] {
  const { statements: [statement, ...others] } = planOf(definitions);
  if (statement === undefined || others.length > 0) throw new Error('A case is one statement');
  return statement;
}

async function postgresAnswers(tenant: string, asked: Case): Promise<Answers> {
  const statement = statementOf(asked);
  const { rows } = await pool.query<AggregateRow>(textOfAll(statement), parametersOf(statement, tenant, null, asked.now));
  return answersOf(asked, rows);
}

const logView = `CREATE TEMPORARY VIEW log (id STRING, customer_id STRING, type STRING, at_ms BIGINT, properties STRING) USING json OPTIONS (path 'events.json')`;
const exportSql = 'SELECT id, customer_id, type, (extract(epoch FROM at) * 1000)::float8 AS at_ms, properties::text FROM events WHERE tenant_id = $1';

/** The text of the body as it is, on Spark's own source. */
function sparkSql(asked: Case, i: number): string {
  const statement = statementOf(asked);
  const { now } = asked;
  const from = Number(parametersOf(statement, '', null, now)[3]);
  return `SELECT to_json(struct(${i} AS asked, *)) FROM (WITH source AS (${sparkSource(statement, { table: 'log', now, start: from })}\n  ), ${statement.body})`;
}

describeWithSpark('the statement in Spark SQL', spark => {
  let tenant: string;
  let log: string;
  const sparkAnswers = async (cases: readonly Case[]): Promise<readonly Answers[]> => {
    const rows = (await spark.run({ 'events.json': log }, [logView, ...cases.map(sparkSql)])) as readonly (AggregateRow & { readonly asked: number })[];
    return cases.map((it, i) => answersOf(it, rows.filter(({ asked }) => asked === i)));
  };

  beforeAll(async () => {
    tenant = await shop.newTenant();
    await fill(tenant);
    const { rows } = await pool.query(exportSql, [tenant]);
    log = rows.map(it => `${JSON.stringify(it)}\n`).join('');
  }, 120_000);

  it('gives what PostgreSQL gives, bit for bit: every function, window and filter, over values of any type', async () => {
    const cases = [...windows.map(it => ({ definitions: everything(it), now: start })), { definitions: everyWhere, now: start }, { definitions: since, now: start }];
    const inSpark = await sparkAnswers(cases);
    for (const [i, it] of cases.entries()) {
      const expected = await postgresAnswers(tenant, it);
      expect(Object.keys(expected).length).toBeGreaterThan(10);
      expect(inSpark[i]).toEqual(expected);
    }
    // Nothing is the same only because nothing was there.
    const widest = Object.values(inSpark[windows.length - 1] ?? {});
    for (const { name } of everything(90 * dayMs)) expect([name, widest.some(it => it.values.get(name) !== undefined)]).toEqual([name, true]);
  }, 600_000);

  it('gives what PostgreSQL gives for definitions and times that are drawn', async () => {
    const inSpark = await sparkAnswers(drawnCases);
    for (const [i, it] of drawnCases.entries()) expect(inSpark[i]).toEqual(await postgresAnswers(tenant, it));
  }, 600_000);

  it('ends with an error where a number has more digits than Spark adds up exactly', async () => {
    log += `${JSON.stringify({ id: 'fine', customer_id: 'ada', type: 'purchase', at_ms: start, properties: '{"value": 1.2345678901234567e-5}' })}\n`;
    await expect(sparkAnswers([{ definitions: [of('spent', { function: 'sum', property: 'value', windowMs: hourMs })], now: start }])).rejects.toThrow('more digits than are added up exactly');
  }, 600_000);
});
