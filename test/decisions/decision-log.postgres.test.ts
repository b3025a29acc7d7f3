import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from '@jest/globals';
import { PostgresDecisionLog } from '../../src/decisions/decision-log.postgres.js';
import type { DecisionRecord } from '../../src/decisions/decision-record.js';
import { finish } from '../../src/decisions/pipeline/finish.js';
import { prepare } from '../../src/decisions/pipeline/prepare.js';
import { uuidv7 } from '../../src/kernel/ids.js';
import { holdWriters } from '../../src/platform/tombstones.js';
import { testDatabase } from '../support/postgres.js';
import { noon, request, shop, state } from './shop.js';

const { pool } = await testDatabase();
const { snapshot, placement } = shop();

function record(tenantId: string, more: { readonly customerId?: string; readonly at?: number } = {}): DecisionRecord {
  const decidedAt = more.at ?? noon;
  const asked = request({ id: uuidv7(decidedAt), decidedAt, customerId: more.customerId ?? 'ada' });
  const known = state({ features: { engagement_score: { value: 0.1 + 0.2, at: noon } } });
  return {
    tenantId, request: asked, state: known, scores: { source: 'priority' }, snapshotVersion: 1, times: { gather: 1, rules: 2, score: 3, total: 6 },
    answer: finish(prepare(asked, known, snapshot, placement), { source: 'priority' }),
  };
}

const idsOf = (records: readonly DecisionRecord[]): readonly string[] => records.map(it => it.request.id);
const hashing = async (): Promise<(id: string) => string> => id => `hash of ${id}`;

/** A pool whose statements fail while `isDown`, as with a database that is away. */
function faulty() {
  const state = { isDown: false };
  const query = (...args: readonly unknown[]): unknown => (state.isDown ? Promise.reject(new Error('away')) : Reflect.apply(pool.query.bind(pool), undefined, args));
  return { state, pool: { query } as unknown as typeof pool };
}

describe('PostgresDecisionLog', () => {
  const logs: PostgresDecisionLog[] = [];
  const open = (of = pool, more: Partial<ConstructorParameters<typeof PostgresDecisionLog>[1]> = {}): PostgresDecisionLog => {
    const log = new PostgresDecisionLog(of, { capacity: 100, patienceMs: 100, hashing, onFailure: () => undefined, ...more });
    logs.push(log);
    return log;
  };
  afterEach(async () => {
    for (const log of logs.splice(0)) await log.close(100);
  });

  it('finds what waits and what is written, the same, and only of the tenant', async () => {
    const [tenant, log] = [randomUUID(), open()];
    const records = [record(tenant), record(tenant, { customerId: 'ü {"\\:,' }), record(tenant, { at: noon - 40 * 86_400_000 })];
    await log.append(records);
    const waiting = await log.find(tenant, idsOf(records));
    await log.flush();
    const written = await log.find(tenant, idsOf(records));
    for (const found of [waiting, written]) expect([...found].sort((a, b) => (a.request.id < b.request.id ? -1 : 1))).toEqual([...records].sort((a, b) => (a.request.id < b.request.id ? -1 : 1)));
    expect(await log.find(randomUUID(), idsOf(records))).toEqual([]);
    expect(await log.find(tenant, ['no uuid', uuidv7(noon)])).toEqual([]);
  });

  it('keeps the columns that reports read', async () => {
    const [tenant, log] = [randomUUID(), open()];
    const one = record(tenant);
    await log.append([one, { ...record(tenant), answer: { ...one.answer, selectedItemId: null } }]);
    await log.flush();
    const { rows } = await pool.query('SELECT log, customer_id, placement_id, item_id, propensity, level, snapshot_version, decided_at FROM decisions WHERE tenant_id = $1 ORDER BY item_id NULLS LAST', [tenant]);
    const common = { log: 'live', customer_id: 'ada', placement_id: 'hero', level: one.answer.level, snapshot_version: '1', decided_at: new Date(noon), propensity: one.answer.propensity };
    expect(rows).toEqual([{ ...common, item_id: one.answer.selectedItemId }, { ...common, item_id: null }]);
  });

  it('keeps nothing of who is erased while the record waits, or was before, but what was shown', async () => {
    const [tenant, log] = [randomUUID(), open()];
    const erase = async (customerId: string): Promise<void> => {
      await pool.query("INSERT INTO erased_ids (tenant_id, hash, erasure_id) VALUES ($1, $2, 'e1')", [tenant, `hash of ${customerId}`]);
    };
    const records = [record(tenant), record(tenant, { customerId: 'bob' }), record(randomUUID())];
    const eraser = await pool.connect();
    try {
      await eraser.query('BEGIN');
      await holdWriters(eraser, tenant);
      await log.append(records);
      await new Promise(resolve => setTimeout(resolve, 100));
      expect(log.depth).toBe(3);
      await erase('ada');
      await eraser.query('COMMIT');
    } finally {
      eraser.release();
    }
    await log.flush();
    await erase('bob');
    const later = record(tenant, { customerId: 'bob' });
    await log.append([later]);
    await log.flush();
    const all = [...records, later];
    const { rows } = await pool.query<{ is: string }>(
      "SELECT customer_id || ' ' || log || ' ' || item_id AS is FROM decisions JOIN unnest($1::uuid[]) WITH ORDINALITY AS it(id, place) USING (id) ORDER BY place", [idsOf(all)]);
    const itemId = String(later.answer.selectedItemId);
    expect(rows.map(it => it.is)).toEqual(['erased:e1 erased', 'bob live', 'ada live', 'erased:e1 erased'].map(it => `${it} ${itemId}`));
    const [erased] = await log.find(tenant, [later.request.id]);
    expect(erased).toMatchObject({ state: { known: false, source: 'erased', attributes: {}, features: {}, segments: [] }, request: { context: {} }, scores: { source: 'unavailable' }, answer: { propensity: later.answer.propensity } });
  });

  it('keeps what the database does not take, and writes it once when it does', async () => {
    const tenant = randomUUID();
    const broken = faulty();
    const failures: unknown[] = [];
    const log = open(broken.pool, { onFailure: error => failures.push(error) });
    broken.state.isDown = true;
    const records = Array.from({ length: 50 }, () => record(tenant));
    for (const it of records) await log.append([it]);
    await new Promise(resolve => setTimeout(resolve, 150));
    expect(log.depth).toBe(50);
    expect(failures).toHaveLength(1);
    broken.state.isDown = false;
    await log.flush();
    expect((await log.find(tenant, idsOf(records))).length).toBe(50);
    expect((await pool.query('SELECT FROM decisions WHERE tenant_id = $1', [tenant])).rowCount).toBe(50);
  });

  it('writes once what was committed without an answer', async () => {
    const tenant = randomUUID();
    let isLost = false;
    const query = async (...args: readonly unknown[]): Promise<unknown> => {
      const answer: unknown = await Reflect.apply(pool.query.bind(pool), undefined, args);
      const isInsert = (args[0] as { readonly text?: string }).text?.startsWith('SELECT attune_append') === true;
      if (!isInsert || isLost) return answer;
      isLost = true;
      throw new Error('The connection was closed');
    };
    const log = open({ query } as unknown as typeof pool);
    const records = Array.from({ length: 3 }, () => record(tenant));
    await log.append(records);
    await log.flush();
    expect(isLost).toBe(true);
    expect((await pool.query('SELECT FROM decisions WHERE tenant_id = $1', [tenant])).rowCount).toBe(3);
    await log.append([record(tenant)]);
    await log.flush();
    expect((await pool.query('SELECT FROM decisions WHERE tenant_id = $1', [tenant])).rowCount).toBe(4);
  });

  it('makes callers wait while it is full, then fails them, and never takes more than it may hold', async () => {
    const tenant = randomUUID();
    const broken = faulty();
    const log = open(broken.pool, { capacity: 10, patienceMs: 80 });
    broken.state.isDown = true;
    await log.append(Array.from({ length: 10 }, () => record(tenant)));
    await expect(log.append([record(tenant)])).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(log.depth).toBe(10);
    const late = Array.from({ length: 12 }, () => record(tenant));
    const outcomes = late.map(it => log.append([it]).then(() => 'taken', () => 'refused'));
    broken.state.isDown = false;
    let most = 0;
    const watch = setInterval(() => { most = Math.max(most, log.depth); }, 1);
    const settled = await Promise.all(outcomes);
    await log.flush();
    clearInterval(watch);
    expect(most).toBeLessThanOrEqual(10);
    const taken = late.filter((_, i) => settled[i] === 'taken');
    expect((await log.find(tenant, idsOf(late))).length).toBe(taken.length);
  });

  it('refuses at once what could never fit', async () => {
    const log = open(pool, { capacity: 5, patienceMs: 50 });
    await expect(log.append(Array.from({ length: 6 }, () => record('acme')))).rejects.toMatchObject({ code: 'OVERLOADED' });
  });
});
