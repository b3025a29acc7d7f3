import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PostgresDecisionLog } from '../../../src/decisions/decision-log.postgres.js';
import type { ImportedBatch, ImportedDecision } from '../../../src/decisions/import/imported-decision.js';
import { PostgresImportedLogs } from '../../../src/decisions/import/imported-logs.postgres.js';
import { stableUuidv7 } from '../../../src/decisions/import/stable-id.js';
import { NotFound } from '../../../src/kernel/errors.js';
import { testDatabase } from '../../support/postgres.js';

const { pool } = await testDatabase();
const hashing = async (): Promise<(id: string) => string> => id => `hash of ${id}`;
const logs = new PostgresImportedLogs(pool, hashing);
const log = new PostgresDecisionLog(pool, { capacity: 10, patienceMs: 10, hashing, onFailure: () => undefined });
let tenantId: string;

async function newTenant(): Promise<void> {
  tenantId = randomUUID();
  await pool.query('INSERT INTO tenants (id, name, config_version) VALUES ($1, $1, 7)', [tenantId]);
  await pool.query(
    `INSERT INTO definitions (tenant_id, kind, id, since, body, changed_by)
     SELECT $1, kind, id, 7, '{}', 'test' FROM unnest(ARRAY['placement', 'item', 'item'], ARRAY['bts-shoes', 'a', 'b']) AS it(kind, id)`,
    [tenantId],
  );
}

function decision(n: number, clicked: boolean): ImportedDecision {
  const decidedAt = Date.parse('2019-11-24T00:00:00Z') + n * 3_600_000;
  const outcome = (kind: 'impression' | 'click') => ({ id: `${n}-${kind}`, kind, value: null, at: decidedAt });
  return {
    id: stableUuidv7(decidedAt, `bts-shoes ${n}`),
    decidedAt,
    customerId: 'visitor-1',
    attributes: { user_feature_0: 'x' },
    context: { position: 2, affinity_a: 0.1 + 0.2 },
    itemId: n % 2 === 0 ? 'a' : 'b',
    position: 2,
    propensity: 1 / 34,
    outcomes: clicked ? [outcome('impression'), outcome('click')] : [outcome('impression')],
  };
}

const batch = (...decisions: readonly ImportedDecision[]): ImportedBatch => ({ log: 'bts-shoes', placementId: 'bts-shoes', candidateItemIds: ['a', 'b'], decisions });

describe('PostgresImportedLogs', () => {
  it('keeps decisions and outcomes over several days, so that the log gives them back whole', async () => {
    await newTenant();
    const decisions = [decision(1, false), decision(2, true), decision(50, false)];

    expect(await logs.add(tenantId, batch(...decisions))).toEqual({ decisions: 3, outcomes: 4 });

    const found = await log.find(tenantId, decisions.map(it => it.id));
    expect(found).toHaveLength(3);
    const second = found.find(it => it.request.id === decisions[1]?.id);
    expect(second).toMatchObject({
      snapshotVersion: 7,
      request: { customerId: 'visitor-1', placementId: 'bts-shoes', decidedAt: decisions[1]?.decidedAt, context: { position: 2, affinity_a: 0.30000000000000004 } },
      state: { attributes: { user_feature_0: 'x' } },
      answer: { selectedItemId: 'a', propensity: 1 / 34, slate: [{ itemId: 'a', position: 2, propensity: 1 / 34 }] },
    });
    expect(second?.answer.candidates.map(it => [it.itemId, it.propensity])).toEqual([['a', 1 / 34], ['b', null]]);
  });

  it('adds what is new and leaves what is there as it is', async () => {
    await newTenant();
    const first = decision(1, false);
    await logs.add(tenantId, batch(first, decision(2, true)));

    const changed = { ...first, propensity: 0.9 };
    expect(await logs.add(tenantId, batch(changed, decision(2, true), decision(3, true)))).toEqual({ decisions: 1, outcomes: 2 });

    const { rows } = await pool.query('SELECT propensity, log FROM decisions WHERE tenant_id = $1 AND id = $2', [tenantId, first.id]);
    expect(rows).toEqual([{ propensity: 1 / 34, log: 'bts-shoes' }]);
  });

  it('leaves nothing for the learner', async () => {
    await newTenant();
    await logs.add(tenantId, batch(decision(1, true)));

    const { rows } = await pool.query('SELECT kind, learned_at IS NULL AS waits FROM outcomes WHERE tenant_id = $1 ORDER BY kind', [tenantId]);
    expect(rows).toEqual([{ kind: 'click', waits: false }, { kind: 'impression', waits: false }]);
  });

  it('keeps the same log of two tenants apart', async () => {
    await newTenant();
    const one = tenantId;
    await logs.add(one, batch(decision(1, true)));
    await newTenant();

    expect(await logs.add(tenantId, batch(decision(1, true)))).toEqual({ decisions: 1, outcomes: 2 });
    expect(await log.find(tenantId, [decision(2, true).id])).toEqual([]);
  });

  it.each([
    ['placement', { placementId: 'elsewhere' }, '/placementId'],
    ['item', { candidateItemIds: ['a', 'b', 'c'] }, '/candidateItemIds'],
  ])('refuses a %s that the tenant does not have, and keeps nothing', async (_what, wrong, path) => {
    await newTenant();
    const refused = logs.add(tenantId, { ...batch(decision(1, true)), ...wrong });

    await expect(refused).rejects.toBeInstanceOf(NotFound);
    await expect(refused).rejects.toMatchObject({ details: { path } });
    expect((await pool.query('SELECT FROM decisions WHERE tenant_id = $1', [tenantId])).rows).toHaveLength(0);
  });

  it('leaves out decisions for customers who have been erased', async () => {
    await newTenant();
    await pool.query("INSERT INTO erased_ids (tenant_id, hash, erasure_id) VALUES ($1, 'hash of visitor-1', 'e1')", [tenantId]);
    const other = { ...decision(2, true), customerId: 'visitor-2' };
    expect(await logs.add(tenantId, batch(decision(1, true), other))).toEqual({ decisions: 1, outcomes: 2 });
    expect((await log.find(tenantId, [decision(1, true).id, other.id])).map(it => it.request.customerId)).toEqual(['visitor-2']);
  });
});
