import { randomUUID } from 'node:crypto';
import { Client } from '@elastic/elasticsearch';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyEvents, anyNames, checkCondition } from '../../src/conditions/check.js';
import type { Condition, Truth } from '../../src/conditions/condition.js';
import { customerDocumentMapping, documentOf } from '../../src/conditions/customer-document.js';
import { compileCondition, type Blind } from '../../src/conditions/evaluate.js';
import { toElastic, type ElasticQuery } from '../../src/conditions/to-elastic.js';
import { truthSql } from '../../src/conditions/truth-sql.js';
import { describeWithElasticsearch } from '../support/elasticsearch.js';
import { testDatabase } from '../support/postgres.js';
import { countsOf, customers, defaults, factsOf, now, recordOf, worldConditions } from './world.js';

const { pool } = await testDatabase();
const tenantId = randomUUID();
const index = `customers-${randomUUID()}`;

const people = fc.sample(customers, { seed: 11, numRuns: 130 }).map((customer, i) => ({ id: `c${i}`, ...customer }));
const conditions = fc.sample(worldConditions, { seed: 12, numRuns: 120 });
const counts = people.map(it => countsOf(it, conditions));
const facts = people.map((it, i) => factsOf(it, counts[i] ?? {}));
/** What is asked in process, of each customer in turn. */
const truths = (condition: Condition): readonly Truth[] => facts.map(compileCondition(condition));

const deep = (levels: number): Condition => {
  const leaf: Condition = { attribute: { name: 'a', operator: 'notEquals', value: 'x' } };
  if (levels === 1) return leaf;
  const inner = deep(levels - 1);
  return levels % 3 === 0 ? { not: inner } : levels % 3 === 1 ? { and: [inner, leaf] } : { or: [inner, leaf] };
};
const on = (operator: 'in' | 'contains' | 'startsWith' | 'equals', value: string | readonly string[]): Condition => ({ attribute: { name: 'a', operator, value } });
/** As large as conditions may be. */
const extremes: readonly (readonly [what: string, condition: Condition])[] = [
  ['20 levels', deep(20)],
  ['200 nodes', { or: Array.from({ length: 199 }, (_, i) => on('equals', i === 150 ? 'x' : `y${i}`)) }],
  ['a choice of 1,000', on('in', Array.from({ length: 1000 }, (_, i) => (i === 999 ? 'x' : `${i}`.padEnd(1000, 'y'))))],
  ['a part of 100 characters with other meanings', { not: on('contains', 'xy*?'.repeat(25)) }],
  ['a part of 100 characters that repeat', { not: on('contains', 'a'.repeat(100)) }],
  ['a part of 50 characters beyond the basic plane', { not: on('contains', '😀'.repeat(50)) }],
  ['a beginning of 100 characters', { not: on('startsWith', 'x'.repeat(100)) }],
  ['a beginning whose end is the last character that there is', { not: on('startsWith', 'x\u{10ffff}\u{10ffff}') }],
  ['a beginning whose end is the last character before the surrogates', { or: [on('startsWith', '\ud7ff'), on('startsWith', '\ud7ff\u{10ffff}')] }],
];

/** Values of `a` as a key would hide them; here each hides itself among others. */
const blind: Blind = (name, value) => (name === 'a' ? `${String(value)}y` : value);
const secret: Condition = { or: [{ attribute: { name: 'a', operator: 'equals', value: 'x' } }, { attribute: { name: 'a', operator: 'in', value: ['', '%_'] } }] };
const none = factsOf({ attributes: {}, features: {}, segments: [], events: [] }, {});

/** Compares a reading with the one in process on all conditions and customers, and says what it saw. */
async function agreement(read: (condition: Condition) => Promise<readonly Truth[]>): Promise<Record<string, number>> {
  const seen = { true: 0, false: 0, undefined: 0 };
  for (const condition of conditions) {
    const [expected, actual] = [truths(condition), await read(condition)];
    const differing = people.flatMap((customer, i) => (expected[i] === actual[i] ? [] : [{ customer, counts: counts[i], inProcess: expected[i], otherwise: actual[i] }]));
    expect({ condition, differing: differing.slice(0, 1) }).toEqual({ condition, differing: [] });
    for (const truth of expected) seen[String(truth) as keyof typeof seen]++;
  }
  return seen;
}

beforeAll(async () => {
  const days = new Set(people.flatMap(it => it.events.map(({ at }) => new Date(at).toISOString().slice(0, 10))));
  for (const day of days) await pool.query("SELECT attune_ensure_day('events', $1::date)", [day]);
  await pool.query('INSERT INTO customers (tenant_id, id, attributes) SELECT $1, * FROM unnest($2::text[], $3::jsonb[])', [
    tenantId, people.map(it => it.id), people.map(it => JSON.stringify(it.attributes)),
  ]);
  const values = people.flatMap(it => Object.entries(it.features).map(([name, value]) => [it.id, name, JSON.stringify(value)] as const));
  await pool.query('INSERT INTO customer_features (tenant_id, customer_id, name, value, at) SELECT $1, *, $5::timestamptz FROM unnest($2::text[], $3::text[], $4::jsonb[])', [
    tenantId, values.map(it => it[0]), values.map(it => it[1]), values.map(it => it[2]), new Date(now),
  ]);
  const memberships = people.flatMap(it => it.segments.map(segment => [segment, it.id] as const));
  await pool.query('INSERT INTO segment_members (tenant_id, segment_id, customer_id) SELECT $1, * FROM unnest($2::text[], $3::text[])', [
    tenantId, memberships.map(it => it[0]), memberships.map(it => it[1]),
  ]);
  const events = people.flatMap(it => it.events.map(event => ({ customerId: it.id, ...event })));
  await pool.query(
    `INSERT INTO events (tenant_id, id, customer_id, at, received_at, type, properties)
     SELECT $1, gen_random_uuid()::text, it.customer_id, it.at, it.at, it.type, it.properties
     FROM unnest($2::text[], $3::timestamptz[], $4::text[], $5::jsonb[]) AS it(customer_id, at, type, properties)`,
    [tenantId, events.map(it => it.customerId), events.map(it => new Date(it.at)), events.map(it => it.type), events.map(it => JSON.stringify(it.properties))],
  );
}, 60_000);

describe('the readings of conditions', () => {
  it('are asked of conditions that may be saved, with each kind of answer', () => {
    for (const condition of conditions) {
      checkCondition(condition, { attribute: anyNames, feature: anyNames, context: anyNames, did: anyEvents, inSegment: new Set(['vip', 'new', '{}:*', 'nobody']) });
    }
    expect(conditions.length * people.length).toBeGreaterThan(10_000);
  });

  it('agree in process and as SQL', async () => {
    const seen = await agreement(async condition => {
      const { text, values } = truthSql(condition, { tenantId, now, defaults });
      const { rows } = await pool.query<{ id: string; truth: boolean | null }>(text, [...values]);
      const byId = new Map(rows.map(({ id, truth }) => [id, truth ?? undefined]));
      return people.map(({ id }) => byId.get(id));
    });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(1000);
  });

  it.each(extremes)('agree as SQL on %s', async (_what, condition) => {
    checkCondition(condition, { attribute: anyNames });
    const { text, values } = truthSql(condition, { tenantId, now, defaults });
    const { rows } = await pool.query<{ id: string; truth: boolean | null }>(text, [...values]);
    const byId = new Map(rows.map(({ id, truth }) => [id, truth ?? undefined]));
    expect(people.map(({ id }) => byId.get(id))).toEqual(truths(condition));
  });

  it('compare blind indexes as SQL, and ask of some customers alone', async () => {
    const { text, values } = truthSql(secret, { tenantId, now, defaults, blind, customerIds: ['c1', 'c2'] });
    const { rows } = await pool.query<{ id: string; truth: boolean | null }>(text, [...values]);
    const expected = ['c1', 'c2'].map(id => ({ id, truth: compileCondition(secret, blind)(facts[people.findIndex(it => it.id === id)] ?? none) ?? null }));
    expect(rows.sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual(expected);
  });
});

describeWithElasticsearch('the reading of conditions by Elasticsearch', url => {
  const client = new Client({ node: url });
  afterAll(async () => {
    await client.indices.delete({ index });
    await client.close();
  });
  const load = async (name: string, documents: readonly (readonly [id: string, document: object])[]): Promise<void> => {
    await client.indices.create({ index: name, settings: { number_of_shards: 1, number_of_replicas: 0 }, mappings: { dynamic: 'strict', properties: customerDocumentMapping } });
    const { errors } = await client.bulk({ refresh: true, operations: documents.flatMap(([id, document]) => [{ index: { _index: name, _id: id } }, document]) });
    expect(errors).toBe(false);
  };
  const found = async (name: string, query: ElasticQuery): Promise<ReadonlySet<string>> => {
    const { hits } = await client.search({ index: name, size: 1000, _source: false, query: { bool: { filter: [query] } } });
    return new Set(hits.hits.map(it => it._id ?? ''));
  };

  beforeAll(() => load(index, people.map((it, i) => [it.id, documentOf(recordOf(it, counts[i] ?? {}))])), 60_000);

  it('agrees with the one in process', async () => {
    const seen = await agreement(async condition => {
      const [holds, fails] = await Promise.all([condition, { not: condition }].map(it => found(index, toElastic(it, { now, defaults }))));
      return people.map(({ id }) => (holds?.has(id) === fails?.has(id) ? undefined : holds?.has(id) === true));
    });
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(1000);
  });

  it.each(extremes)('agrees on %s', async (_what, condition) => {
    const holds = await found(index, toElastic(condition, { now, defaults }));
    expect(people.map(({ id }) => holds.has(id))).toEqual(truths(condition).map(it => it === true));
  });

  it('compares blind indexes', async () => {
    const holds = await found(index, toElastic(secret, { now, defaults, blind }));
    expect(holds.size).toBeGreaterThan(0);
    expect(people.map(({ id }) => holds.has(id))).toEqual(facts.map(it => compileCondition(secret, blind)(it) === true));
  });

  it('does not know what nobody has counted', async () => {
    const did: Condition = { did: { event: 'purchase', atLeast: 0, atMost: 5, within: 'P11D' } };
    for (const condition of [did, { not: did }]) expect((await found(index, toElastic(condition, { now, defaults }))).size).toBe(0);
  });
});
