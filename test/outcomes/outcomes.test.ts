import { randomUUID } from 'node:crypto';
import { beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import Fastify, { type FastifyInstance } from 'fastify';
import { graphql, type GraphQLSchema } from 'graphql';
import { Query, Resolver } from 'type-graphql';
import type { PostgresDecisionLog } from '../../src/decisions/decision-log.postgres.js';
import type { Principal } from '../../src/graphql/principal.js';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { AppError } from '../../src/kernel/errors.js';
import { uuidv7 } from '../../src/kernel/ids.js';
import { outcomesModule } from '../../src/outcomes/outcomes.module.js';
import { Metrics } from '../../src/platform/metrics.js';
import { createPool } from '../../src/platform/postgres.js';
import { schemaOf } from '../../src/schema.js';
import { LearningTenant } from '../learning/lesson-kit.js';
import { testDatabase } from '../support/postgres.js';

const { pool, url } = await testDatabase();
let tenant: LearningTenant;
let metrics: Metrics;
let woken: string[];
let schema: GraphQLSchema;
let server: FastifyInstance;
let principal: Principal;

async function serve(decisions: Pick<PostgresDecisionLog, 'find'>, database = pool): Promise<void> {
  const module = outcomesModule({ pool: database, decisions, presentIds: async () => new Map(), metrics, onAccepted: id => woken.push(id) });
  schema = await schemaOf([...module.resolvers, new Probe()]);
  server = Fastify();
  for (const route of module.routes) route(server, async () => newRequestContext(principal));
}

/** A schema needs a query. */
@Resolver()
class Probe {
  @Query(() => Boolean)
  there(): boolean {
    return true;
  }
}

beforeAll(() => { principal = { tenantId: '', role: 'server', keyId: 'k' }; });
beforeEach(async () => {
  tenant = new LearningTenant(pool);
  metrics = new Metrics();
  woken = [];
  principal = { tenantId: tenant.id, role: 'server', keyId: 'k' };
  await serve(tenant.log);
});

interface Reply {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly receipts: readonly { readonly status: string; readonly code: string | null }[];
}

async function record(input: readonly object[]): Promise<Reply> {
  const source = 'mutation($input: [OutcomeInput!]!) { it: recordOutcomes(input: $input) { accepted duplicates rejected receipts { status code } } }';
  const { data, errors } = await graphql({ schema, source, variableValues: { input }, contextValue: newRequestContext(principal) });
  const raised = errors?.[0];
  if (raised !== undefined) throw raised.originalError instanceof AppError ? raised.originalError : raised;
  return JSON.parse(JSON.stringify(data?.['it'])) as Reply;
}

const told = async (...input: readonly object[]): Promise<readonly string[]> => (await record(input)).receipts.map(({ status, code }) => code ?? status);
const stored = async (): Promise<readonly object[]> =>
  (await pool.query<object>('SELECT id, decision_id AS "decisionId", kind, value, at FROM outcomes WHERE tenant_id = $1 ORDER BY id', [tenant.id])).rows;
const metric = async (name: string): Promise<number> => Number(new RegExp(`^personalization_${name} (.*)$`, 'm').exec(await metrics.text())?.[1]);

describe('recordOutcomes', () => {
  it('keeps what came of a decision, once for each id, and wakes the learner after the commit', async () => {
    const { request: { id } } = await logged();
    const impression = { id: 'a', decisionId: id, kind: 'IMPRESSION', at: '2026-03-01T14:00:00+02:00' };
    const conversion = { id: 'b', decisionId: id.toUpperCase(), kind: 'CONVERSION', value: '49.90', at: '2026-03-01T12:05:00Z' };
    expect(await record([impression, conversion, { ...impression, kind: 'CLICK' }])).toEqual({
      accepted: 2,
      duplicates: 1,
      rejected: 0,
      receipts: [{ status: 'ACCEPTED', code: null }, { status: 'ACCEPTED', code: null }, { status: 'DUPLICATE', code: null }],
    });
    expect(await told(conversion)).toEqual(['DUPLICATE']);
    expect(await stored()).toEqual([
      { id: 'a', decisionId: id, kind: 'impression', value: null, at: new Date('2026-03-01T12:00:00Z') },
      { id: 'b', decisionId: id, kind: 'conversion', value: 49.9, at: new Date('2026-03-01T12:05:00Z') },
    ]);
    expect(woken).toEqual([tenant.id]);
  });

  it('accepts the same outcome from one of many that send it at once', async () => {
    const { request: { id } } = await logged();
    const receipts = await Promise.all(Array.from({ length: 8 }, () => told({ id: 'a', decisionId: id, kind: 'CLICK' })));
    expect(receipts.flat().sort()).toEqual(['ACCEPTED', ...new Array<string>(7).fill('DUPLICATE')]);
  });

  it('takes an outcome of a decision that is still in the queue of the log', async () => {
    const queued = tenant.decision({});
    await tenant.log.append([queued]);
    expect(tenant.log.depth).toBe(1);
    expect(await told({ id: 'a', decisionId: queued.request.id, kind: 'CLICK' })).toEqual(['ACCEPTED']);
    await tenant.log.flush();
  });

  it('waits a moment for a decision of just now, which another process may be writing', async () => {
    const now = Date.now();
    const young = tenant.decision({}, 1, { id: uuidv7(now), decidedAt: now });
    let looked = 0;
    await serve({
      find: async (id, ids) => {
        if (looked++ === 0) void tenant.write(young);
        else await tenant.log.flush();
        return looked === 1 ? [] : tenant.log.find(id, ids);
      },
    });
    expect(await told({ id: 'a', decisionId: young.request.id, kind: 'CLICK' })).toEqual(['ACCEPTED']);
  });

  it('rejects one by one, and keeps the rest', async () => {
    const { request: { id } } = await logged();
    const click = (more: object): object => ({ id: randomUUID(), decisionId: id, kind: 'CLICK', ...more });
    expect(
      await told(
        click({}),
        click({ decisionId: uuidv7(Date.UTC(2020, 1, 1)) }),
        click({ decisionId: 'x' }),
        click({ id: '' }),
        click({ id: 'x'.repeat(129) }),
        click({ value: 1 }),
        click({ kind: 'CONVERSION', value: -1 }),
        click({ kind: 'CONVERSION', value: '1e3' }),
        click({ kind: 'CONVERSION', value: 12.5 }),
      ),
    ).toEqual(['ACCEPTED', 'UNKNOWN_DECISION', ...new Array<string>(6).fill('INVALID_INPUT'), 'ACCEPTED']);
    expect(await stored()).toHaveLength(2);
  });

  it('refuses more than a thousand at once, and takes none of them', async () => {
    const { request: { id } } = await logged();
    const many = (count: number): readonly object[] => Array.from({ length: count }, (_, i) => ({ id: `o${i}`, decisionId: id, kind: 'CLICK' }));
    await expect(record(many(1001))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(await stored()).toHaveLength(0);
    expect((await record(many(1000))).accepted).toBe(1000);
  });

  it('knows no decision of another tenant, and keeps the ids of two tenants apart', async () => {
    const { request: { id } } = await logged();
    await told({ id: 'a', decisionId: id, kind: 'CLICK' });
    tenant = new LearningTenant(pool);
    principal = { ...principal, tenantId: tenant.id };
    const own = await logged();
    expect(await told({ id: 'b', decisionId: id, kind: 'CLICK' }, { id: 'a', decisionId: own.request.id, kind: 'CLICK' })).toEqual(['UNKNOWN_DECISION', 'ACCEPTED']);
  });

  it('lets a browser token tell of its own customer\'s decisions only, and does not tell it which others there are', async () => {
    const [own, other] = [await logged({ customerId: 'ada' }), await logged({ customerId: 'bob' })];
    principal = { ...principal, role: 'browser', customerId: 'ada' };
    const click = (decisionId: string): object => ({ id: decisionId, decisionId, kind: 'CLICK' });
    expect(await told(click(own.request.id), click(other.request.id), click(uuidv7(Date.UTC(2020, 1, 1))))).toEqual(['ACCEPTED', 'FORBIDDEN', 'FORBIDDEN']);
  });

  it('counts decisions that were seen, conversions and their value', async () => {
    const [one, two] = [await logged(), await logged()];
    const outcome = (id: string, decision: typeof one, kind: string, value?: string): object => ({ id, decisionId: decision.request.id, kind, value });
    await told(outcome('1', one, 'IMPRESSION'), outcome('2', one, 'IMPRESSION'), outcome('3', two, 'IMPRESSION'));
    await told(outcome('4', one, 'IMPRESSION'), outcome('5', one, 'CONVERSION', '30.50'), outcome('1', one, 'IMPRESSION'), outcome('6', one, 'CLICK'));
    await told(outcome('5', one, 'CONVERSION', '30.50'));
    expect(await Promise.all(['conversion_attempts_total', 'conversions_total', 'conversion_value', 'conversion_rate'].map(metric))).toEqual([2, 1, 30.5, 0.5]);
  });

  it('fails as unavailable where the database is away, and wakes nobody', async () => {
    const away = createPool({ databasePoolSize: 2, databaseTimeoutMs: 200 }, { url: Object.assign(new URL(url), { port: '1' }).href, onError: () => undefined });
    const { request: { id } } = await logged();
    await serve(tenant.log, away);
    await expect(record([{ id: 'a', decisionId: id, kind: 'CLICK' }])).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(woken).toEqual([]);
    await away.end();
  });
});

describe('POST /api/v1/outcomes', () => {
  const post = async (payload: object): Promise<{ status: number; body: Reply }> => {
    const response = await server.inject({ method: 'POST', url: '/api/v1/outcomes', payload });
    return { status: response.statusCode, body: response.json() };
  };

  it('does what the mutation does', async () => {
    const { request: { id } } = await logged();
    const { status, body } = await post({ outcomes: [{ id: 'a', decisionId: id, kind: 'conversion', value: 3 }, { id: 'b', decisionId: id, kind: 'smile' }, 7, null] });
    expect([status, body.receipts.map(it => it.code ?? it.status)]).toEqual([200, ['accepted', 'INVALID_INPUT', 'INVALID_INPUT', 'INVALID_INPUT']]);
    expect(await stored()).toMatchObject([{ id: 'a', kind: 'conversion', value: 3 }]);
  });

  it.each([[{}], [{ outcomes: 'x' }], [{ outcomes: [], more: 1 }], [[]]])('refuses a body that holds no list: %j', async payload => {
    expect((await post(payload)).status).toBe(400);
  });
});

async function logged(more: Parameters<LearningTenant['decision']>[2] = {}): Promise<ReturnType<LearningTenant['decision']>> {
  const decision = tenant.decision({ engagement_score: 0.5 }, 1, more);
  await tenant.write(decision);
  return decision;
}
