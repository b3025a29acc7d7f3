import { randomUUID } from 'node:crypto';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { FeatureDefinition } from '../../../src/features/feature.js';
import { PostgresFeatureHealths } from '../../../src/features/versions/feature-health.postgres.js';
import { featureVersionsModule } from '../../../src/features/versions/feature-versions.module.js';
import type { FeatureVersions } from '../../../src/features/versions/feature-versions.js';
import { number, Shop } from '../../customers/shop.js';
import { testDatabase } from '../../support/postgres.js';

const { pool } = await testDatabase();
const shop = new Shop(pool);
const failures: unknown[] = [];
const { versions, jobs } = featureVersionsModule({
  pool, definitions: shop.definitions, clock: shop.clock, changed: (...args) => shop.projection.changed(...args), onFailure: error => void failures.push(error),
});
let tenant: string;
beforeEach(async () => {
  tenant = await shop.newTenant();
});
afterAll(async () => {
  await jobs.stop();
  await shop.projection.stop();
});

const buys = number('buys', { aggregate: { function: 'count', event: 'purchase', windowMs: 3_600_000 }, ttlMs: 60_000 });
const spent = number('buys', { aggregate: { function: 'sum', event: 'purchase', property: 'price', windowMs: 3_600_000 } });
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${String(i).padStart(3, '0')}`);

async function buy(customers: readonly string[], priceOf: (i: number) => number): Promise<void> {
  const at = new Date(shop.clock.now()).toISOString();
  await shop.ingest(tenant, customers.map((customerId, i) => ({ id: randomUUID(), customerId, type: 'purchase', at, properties: { price: priceOf(i) } })));
  await shop.projection.changed(tenant, customers);
}
const values = async (customers: readonly string[]): Promise<unknown[]> => Promise.all(customers.map(async id => (await shop.values(tenant, id))['buys']));
const settle = async (): Promise<void> => {
  await jobs.work();
  await shop.projection.sweep();
};
const refusal = async (doing: Promise<unknown>): Promise<unknown> => doing.then(() => 'done', (error: unknown) => (error as { readonly code?: unknown }).code);
const audit = async (): Promise<unknown> => (await pool.query('SELECT action, subject, actor, details FROM audit_log WHERE tenant_id = $1 ORDER BY id', [tenant])).rows.slice(1);
const propose = (definition: FeatureDefinition): ReturnType<FeatureVersions['propose']> => versions.propose(tenant, 'key', definition);

describe('a version of a feature', () => {
  it('is tried in the shadow, compared, taken into use, and gone back from', async () => {
    await shop.define(tenant, { features: [buys, number('twice', { expression: 'buys * 2' })] });
    const all = ids(600);
    await buy(all, i => i % 3);
    await shop.pool.query("INSERT INTO customers (tenant_id, id) VALUES ($1, 'zoe')", [tenant]);
    const before = await shop.truth(tenant, 'c001');
    await propose(spent);
    expect((await versions.list(tenant, 'buys')).map(it => [it.version, it.state])).toEqual([[1, 'LIVE'], [2, 'CANDIDATE']]);
    await settle();
    expect(await shop.truth(tenant, 'c001')).toEqual(before);
    expect((await versions.list(tenant, 'buys'))[1]?.job).toMatchObject({ kind: 'fill', done: 601, total: 601, finishedAt: expect.any(Date) });
    const { live, candidate, differing, drift } = await versions.compare(tenant, 'buys');
    expect([live.profile.customers, live.profile.mean, candidate.profile.mean]).toEqual([601, expect.closeTo(600 / 601, 10), expect.closeTo(600 / 601, 10)]);
    expect([live.profile.missing, candidate.profile.missing, candidate.profile.quantiles[4]]).toEqual([0, 0, 2]);
    expect(differing).toBeCloseTo(400 / 601, 10);
    expect(drift?.index).toBeGreaterThan(drift?.byChance ?? Infinity);

    await versions.promote(tenant, 'key', 'buys');
    await settle();
    expect(await values(['c000', 'c001', 'c002', 'c599'])).toEqual([0, 1, 2, 2]);
    expect((await shop.values(tenant, 'c002'))['twice']).toBe(4);
    expect((await shop.truth(tenant, 'c001'))?.features['buys']?.version).toBe(2);
    expect((await pool.query('SELECT FROM feature_shadow_values WHERE tenant_id = $1', [tenant])).rowCount).toBe(0);

    const heard = await shop.listen(tenant, 'c002');
    await versions.rollBack(tenant, 'key', { name: 'buys' });
    await settle();
    expect(await values(['c000', 'c001', 'c002', 'c599'])).toEqual([1, 1, 1, 1]);
    expect(heard.flatMap(it => it.changes)).toEqual(expect.arrayContaining([{ kind: 'FEATURE', name: 'buys' }, { kind: 'FEATURE', name: 'twice' }]));
    const subject = { actor: 'key', subject: 'feature/buys' };
    expect(await audit()).toMatchObject([
      {}, { action: 'propose', subject: 'featureCandidate/buys' }, { action: 'promote' }, { action: 'promote' }, { action: 'roll back', ...subject, details: { from: 2, to: 1 } },
    ]);
    expect(failures).toEqual([]);
  });

  it('that was set from outside is put back from the history, or goes where there was none', async () => {
    const score = (version: number): FeatureDefinition => number('buys', { version, revision: `r${version}`, historyLimit: 2 });
    const set = (customers: readonly string[], value: number): Promise<number> =>
      shop.setFeatures(tenant, customers.map(customerId => ({ customerId, values: [{ name: 'buys', value }] })));
    await shop.define(tenant, { features: [score(1)] });
    await set(['ada', 'bob'], 1);
    shop.clock.advance(1000);
    await shop.define(tenant, { features: [score(2)] });
    for (const value of [7, 8, 9, 10]) {
      shop.clock.advance(1000);
      await set(['ada', 'cid'], value);
    }
    const heard = await shop.listen(tenant, 'ada');
    await versions.rollBack(tenant, 'key', { name: 'buys', version: 1 });
    await settle();
    expect(await values(['ada', 'bob', 'cid'])).toEqual([1, 1, undefined]);
    expect(heard.at(-1)?.changes).toEqual([{ kind: 'FEATURE', name: 'buys' }]);
    expect((await versions.list(tenant, 'buys'))[0]?.job).toMatchObject({ kind: 'restore', finishedAt: expect.any(Date) });
    await set(['ada'], 2);
    expect(await values(['ada'])).toEqual([2]);
    await versions.rollBack(tenant, 'key', { name: 'buys', version: 2 });
    await settle();
    expect(failures).toEqual([]);
  });

  it('is not judged while its values are being put back', async () => {
    await shop.define(tenant, { features: [number('buys', { limits: { nullRate: 0.5 } })] });
    const watched = async (): Promise<readonly string[]> => (await new PostgresFeatureHealths(pool, shop.definitions).watched()).filter(it => it.tenantId === tenant).map(it => it.definition.name);
    expect(await watched()).toEqual(['buys']);
    await pool.query("INSERT INTO feature_jobs (tenant_id, name, version, kind, total, started_at) VALUES ($1, 'buys', 1, 'restore', 9, now())", [tenant]);
    expect(await watched()).toEqual([]);
    await jobs.work();
    expect(await watched()).toEqual(['buys']);
  });

  it('is numbered on from all that there were, and a change that computes nothing new makes none', async () => {
    await shop.define(tenant, { features: [buys] });
    await propose(spent);
    expect((await propose(number('buys', { expression: '1 + 1' }))).featureDefinition.version).toBe(3);
    await jobs.work();
    await versions.promote(tenant, 'key', 'buys');
    await versions.rollBack(tenant, 'key', { name: 'buys' });
    expect((await propose(spent)).featureDefinition.version).toBe(4);
    await jobs.work();
    await versions.promote(tenant, 'key', 'buys');
    // Version 3 was gone back from: the one before the fourth is the first.
    expect((await versions.rollBack(tenant, 'key', { name: 'buys' })).featureDefinition).toMatchObject({ version: 1, ttlMs: 3_600_000 });
    expect(failures).toEqual([]);
  });

  it('is refused where it cannot be', async () => {
    await shop.define(tenant, { features: [buys, number('set')] });
    expect(await refusal(propose(buys))).toBe('CONFLICT');
    expect(await refusal(propose(number('nosuch', { expression: '1' })))).toBe('NOT_FOUND');
    expect(await refusal(propose(number('set')))).toBe('INVALID_INPUT');
    expect(await refusal(propose(number('buys', { expression: 'buys + 1' })))).toBe('INVALID_INPUT');
    expect(await refusal(propose({ ...spent, valueType: 'string' }))).toBe('CONFLICT');
    expect(await refusal(versions.promote(tenant, 'key', 'buys'))).toBe('NOT_FOUND');
    expect(await refusal(versions.compare(tenant, 'buys'))).toBe('NOT_FOUND');
    expect(await refusal(versions.rollBack(tenant, 'key', { name: 'buys' }))).toBe('CONFLICT');
    expect(await refusal(versions.rollBack(tenant, 'key', { name: 'buys', version: 2 }))).toBe('NOT_FOUND');
    expect(await refusal(versions.saveBaseline(tenant, 'nosuch', 'b'))).toBe('NOT_FOUND');
  });
});
