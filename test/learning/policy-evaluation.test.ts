import { describe, expect, it } from '@jest/globals';
import { graphql } from 'graphql';
import type { Pool } from 'pg';
import { findLogs, type LogFiles } from '../../src/cli/open-bandit/log-files.js';
import { readCsv } from '../../src/cli/open-bandit/read-csv.js';
import { decisionOf, itemOf, type Row } from '../../src/cli/open-bandit/rows.js';
import { PostgresImportedLogs } from '../../src/decisions/import/imported-logs.postgres.js';
import { parseImport } from '../../src/decisions/import/import-decisions.schema.js';
import type { Role } from '../../src/graphql/principal.js';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { AppError } from '../../src/kernel/errors.js';
import { learningModule } from '../../src/learning/learning.module.js';
import type { PolicyEvaluation } from '../../src/learning/policy-evaluation.js';
import { MemoryBus } from '../../src/platform/bus.memory.js';
import { createLogger } from '../../src/platform/logger.js';
import { schemaOf } from '../../src/schema.js';
import { hero, shop } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { describeWithSharedData } from '../support/shared-data.js';
import { LearningTenant, outcome } from './lesson-kit.js';

const { pool } = await testDatabase();

const query = `query($input: EvaluatePolicyInput!) { it: evaluatePolicy(input: $input) {
  log policy decisions ips { value low high } snips { value low high } replay { value low high matched } effectiveSampleSize maxWeight supported reason
} }`;

async function evaluate(tenant: LearningTenant, input: object, role: Role = 'server'): Promise<PolicyEvaluation> {
  const { resolvers } = learningModule({ pool, bus: new MemoryBus(() => undefined), logger: createLogger({ logLevel: 'silent' }), snapshots: tenant });
  const { data, errors } = await graphql({
    schema: await schemaOf(resolvers), source: query, variableValues: { input }, contextValue: newRequestContext({ tenantId: tenant.id, role, keyId: 'k' }),
  });
  const raised = errors?.[0];
  if (raised !== undefined) throw raised.originalError instanceof AppError ? raised.originalError : raised;
  return JSON.parse(JSON.stringify(data?.['it'])) as PolicyEvaluation;
}

/** Decisions of chance among three items, each seen and every fifth clicked. */
async function uniformTenant(count: number): Promise<LearningTenant> {
  const tenant = new LearningTenant(pool);
  const records = Array.from({ length: count }, () => tenant.decision({}));
  await tenant.write(...records, tenant.decision({}));
  await tenant.tell(...records.flatMap((it, i) => (i % 5 === 0 ? [outcome(it, 'click'), outcome(it, 'impression')] : [outcome(it, 'impression')])));
  return tenant;
}

describe('evaluatePolicy', () => {
  it('says of a policy on its own log what it got, over the decisions that were seen, page by page', async () => {
    const tenant = await uniformTenant(1205);
    const { ips, snips, ...rest } = await evaluate(tenant, { log: 'live', policy: 'uniform' });
    expect(ips?.value).toBeCloseTo(0.2, 12);
    expect(snips?.value).toBeCloseTo(0.2, 12);
    // Binomial: ±1.96 √(0.2 · 0.8 / 1205).
    expect((ips?.high ?? 0) - (ips?.low ?? 0)).toBeCloseTo(2 * 1.96 * Math.sqrt(0.16 / 1205), 4);
    expect(rest).toEqual({ log: 'live', policy: 'uniform', decisions: 1205, replay: null, effectiveSampleSize: 1205, maxWeight: 1, supported: true, reason: null });
  });

  it('plays a learning policy over a log of chance: a third of the decisions among three items match, within 4 standard errors', async () => {
    const tenant = await uniformTenant(1205);
    const { replay, ...rest } = await evaluate(tenant, { log: 'live', policy: 'linucb', placementId: 'hero' });
    expect(Math.abs((replay?.matched ?? 0) - 1205 / 3)).toBeLessThan(4 * Math.sqrt((1205 * 2) / 9));
    expect(replay?.low).toBeLessThan(0.2);
    expect(replay?.high).toBeGreaterThan(0.2);
    expect(rest).toMatchObject({ decisions: 1205, ips: null, snips: null, effectiveSampleSize: replay?.matched, supported: true });
    expect(await evaluate(tenant, { log: 'live', policy: 'linucb', placementId: 'hero' })).toEqual({ ...rest, replay });
  });

  it('does not judge a policy by the log of one that never tried the other items', async () => {
    const greedy = shop({ placements: [{ ...hero, policy: { kind: 'greedy' } }] }).snapshot;
    const tenant = new LearningTenant(pool, [greedy]);
    const records = [tenant.decision({}), tenant.decision({}), tenant.decision({})];
    await tenant.write(...records);
    await tenant.tell(...records.map(it => outcome(it, 'click')));
    expect(await evaluate(tenant, { log: 'live', policy: 'uniform' })).toMatchObject({ supported: false, reason: 'BEYOND_THE_LOG', ips: null, decisions: 3 });
    expect(await evaluate(tenant, { log: 'live', policy: 'linucb' })).toMatchObject({ supported: false, reason: 'NOT_UNIFORM', replay: null });
  });

  it('knows nothing of a log that is empty, or another tenant\'s', async () => {
    await uniformTenant(3);
    for (const policy of ['uniform', 'linucb']) {
      expect(await evaluate(new LearningTenant(pool), { log: 'live', policy })).toMatchObject({ supported: false, reason: 'NO_DECISIONS', decisions: 0 });
    }
  });

  it('refuses what it cannot be asked', async () => {
    const tenant = new LearningTenant(pool);
    await expect(evaluate(tenant, { log: 'live', policy: 'uniform', placementId: 'elsewhere' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(evaluate(tenant, { log: '', policy: 'uniform' })).rejects.toMatchObject({ code: 'INVALID_INPUT', details: { path: '/log' } });
    await expect(evaluate(tenant, { log: 'live', policy: 'uniform' }, 'browser')).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });
});

describeWithSharedData('evaluatePolicy on the Open Bandit Dataset', 'data/open-bandit', folder => {
  it('comes to the reference figures from what was imported', async () => {
    const tenant = new LearningTenant(pool);
    await pool.query('INSERT INTO tenants (id, name, config_version) VALUES ($1, $1, 1)', [tenant.id]);
    for (const log of await findLogs(folder)) await bring(pool, tenant.id, log);

    const { ips, snips, ...bts } = await evaluate(tenant, { log: 'bts-men', policy: 'uniform' });
    expect(Math.abs((ips?.value ?? 0) - 0.0030086263)).toBeLessThan(1e-9);
    expect(Math.abs((snips?.value ?? 0) - 0.0031894232)).toBeLessThan(1e-9);
    expect(bts).toMatchObject({ decisions: 10_000, supported: true, reason: null });
    expect(bts.effectiveSampleSize).toBeCloseTo(655.7, 1);

    expect((await evaluate(tenant, { log: 'random-men', policy: 'uniform' })).ips?.value).toBeCloseTo(0.0046, 9);

    const { replay, decisions } = await evaluate(tenant, { log: 'random-men', policy: 'linucb' });
    expect(decisions).toBe(10_000);
    expect(Math.abs((replay?.matched ?? 0) - 10_000 / 34)).toBeLessThan(4 * Math.sqrt((10_000 * 33) / 34 ** 2));
    expect(await evaluate(tenant, { log: 'bts-men', policy: 'linucb' })).toMatchObject({ supported: false, reason: 'NOT_UNIFORM' });
  }, 120_000);
});

async function bring(to: Pool, tenantId: string, log: LogFiles): Promise<void> {
  const rowsOf = async (file: string): Promise<(readonly [number, Row])[]> => {
    const rows: (readonly [number, Row])[] = [];
    for await (const { number, row } of readCsv(file)) if (row !== undefined) rows.push([number, row]);
    return rows;
  };
  const items = (await rowsOf(log.items)).map(([, row]) => itemOf(log, row).id);
  await to.query(
    `INSERT INTO definitions (tenant_id, kind, id, since, body, changed_by)
     SELECT $1, 'placement', $2, 1, '{}'::jsonb, 'test' UNION ALL SELECT $1, 'item', item, 1, '{}'::jsonb, 'test' FROM unnest($3::text[]) AS item`,
    [tenantId, log.name, items],
  );
  const decisions = (await rowsOf(log.rows)).map(([number, row]) => decisionOf(log.name, row, number, new Set(items)));
  for (let first = 0; first < decisions.length; first += 1000) {
    const batch = { log: log.name, placementId: log.name, candidateItemIds: items, decisions: decisions.slice(first, first + 1000) };
    await new PostgresImportedLogs(to, async () => id => id).add(tenantId, parseImport(batch));
  }
}
