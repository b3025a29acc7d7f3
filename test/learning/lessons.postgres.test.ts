import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { DecisionRecord } from '../../src/decisions/decision-record.js';
import type { Snapshots } from '../../src/decisions/snapshot/snapshots.js';
import { Learner } from '../../src/learning/learner.js';
import { PostgresLessons } from '../../src/learning/lessons.postgres.js';
import { outcomeKinds, type Outcome } from '../../src/outcomes/outcome.js';
import { item } from '../decisions/shop.js';
import { testDatabase } from '../support/postgres.js';
import { LearningTenant, learningShop, outcome, recount, spec } from './lesson-kit.js';

const { pool } = await testDatabase();

function learnerOf(tenant: LearningTenant, at: Snapshots['at'] = tenant.at): Learner {
  return new Learner({ lessons: new PostgresLessons(pool, { at }), announce: async () => undefined, onFailure: error => { throw error; } });
}

async function expectRecount(tenant: LearningTenant, records: readonly DecisionRecord[], outcomes: readonly Outcome[]): Promise<void> {
  const [sums, expected] = [await tenant.sums(), recount(records, outcomes)];
  expect([...sums.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [arm, { trials, xx, xr }] of expected) {
    expect(sums.get(arm)?.trials).toBe(trials);
    [...xx, ...xr].forEach((value, i) => { expect([...(sums.get(arm)?.xx ?? []), ...(sums.get(arm)?.xr ?? [])][i]).toBeCloseTo(value, 9); });
  }
}

const features = fc.record({ engagement_score: fc.double({ min: -2, max: 2, noNaN: true }), monetary_score: fc.double({ min: -2, max: 2, noNaN: true }) }, { requiredKeys: [] });
const told = fc.record({ decision: fc.nat(9), kind: fc.constantFrom(...outcomeKinds), round: fc.nat(3) });

describe('PostgresLessons', () => {
  it('comes to the sums of a recount, whatever order and grouping the outcomes come in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(features, { minLength: 1, maxLength: 10 }), fc.array(told, { maxLength: 30 }), async (customers, all) => {
        const tenant = new LearningTenant(pool);
        const records = customers.map(it => tenant.decision(it));
        await tenant.write(...records);
        const outcomes: Outcome[] = [];
        for (const round of [0, 1, 2, 3]) {
          const now = all.filter(it => it.round === round).flatMap(({ decision, kind }) => {
            const record = records[decision];
            return record ? [outcome(record, kind)] : [];
          });
          outcomes.push(...now);
          await tenant.tell(...now, ...outcomes.slice(0, 3).filter(it => !now.includes(it)));
          await learnerOf(tenant).learn(tenant.id);
        }
        await expectRecount(tenant, records, outcomes);
        expect(await tenant.unlearned()).toBe(0);
      }),
      { numRuns: 25 },
    );
  });

  it('counts once what two learners go for at once', async () => {
    const tenant = new LearningTenant(pool);
    const records = Array.from({ length: 700 }, (_, i) => tenant.decision({ engagement_score: i / 700 }));
    await tenant.write(...records);
    const outcomes = records.flatMap((it, i) => (i % 3 === 0 ? [outcome(it, 'impression'), outcome(it, 'click')] : [outcome(it, 'impression')]));
    await tenant.tell(...outcomes);
    const learners = [1, 2, 3].map(() => learnerOf(tenant));
    while ((await tenant.unlearned()) > 0) await Promise.all(learners.map(it => it.learn(tenant.id)));
    await expectRecount(tenant, records, outcomes);
  });

  it.each(['rewards', 'posteriors', 'outcomes'])('learns nothing by halves where the write to %s fails, and everything once after that', async table => {
    const tenant = new LearningTenant(pool);
    const records = [tenant.decision({ engagement_score: 0.5 }), tenant.decision({ monetary_score: 0.25 })];
    await tenant.write(...records);
    const outcomes = records.map(it => outcome(it, 'click'));
    await tenant.tell(...outcomes);
    await pool.query(`CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'`);
    await pool.query(`CREATE TRIGGER refuse BEFORE ${table === 'outcomes' ? 'UPDATE' : 'INSERT'} ON ${table} FOR EACH ROW WHEN (NEW.tenant_id = '${tenant.id}') EXECUTE FUNCTION refuse()`);
    await expect(learnerOf(tenant).learn(tenant.id)).rejects.toThrow('refused');
    expect([(await tenant.sums()).size, await tenant.unlearned()]).toEqual([0, 2]);

    await pool.query(`DROP TRIGGER refuse ON ${table}`);
    await learnerOf(tenant).learn(tenant.id);
    await expectRecount(tenant, records, outcomes);
  });

  it('learns nothing by halves where its connection is killed in the middle, and everything once after that', async () => {
    const tenant = new LearningTenant(pool);
    const record = tenant.decision({ engagement_score: 0.5 });
    await tenant.write(record);
    await tenant.tell(outcome(record, 'impression'));
    await learnerOf(tenant).learn(tenant.id);
    const click = outcome(record, 'click');
    await tenant.tell(click);
    const killing = learnerOf(tenant, async (id, version) => {
      await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid() AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      return tenant.at(id, version);
    });
    await expect(killing.learn(tenant.id)).rejects.toThrow();
    expect(await tenant.unlearned()).toBe(1);

    await learnerOf(tenant).learn(tenant.id);
    await expectRecount(tenant, [record], [click]);
  });

  it('passes over an outcome whose decision is not written yet, and learns it when it is', async () => {
    const tenant = new LearningTenant(pool);
    const [late, early] = [tenant.decision({ engagement_score: 1 }), tenant.decision({ engagement_score: 2 })];
    const outcomes = [outcome(late, 'click'), outcome(early, 'click')];
    await tenant.write(early);
    await tenant.tell(...outcomes);
    await learnerOf(tenant).learn(tenant.id);
    await expectRecount(tenant, [early], outcomes);
    expect(await tenant.unlearned()).toBe(1);

    await tenant.write(late);
    await learnerOf(tenant).learn(tenant.id);
    await expectRecount(tenant, [early, late], outcomes);
  });

  it('gives up an outcome whose decision has been lost', async () => {
    const tenant = new LearningTenant(pool);
    await tenant.tell(outcome(tenant.decision({}), 'click'));
    await pool.query(`UPDATE outcomes SET received_at = now() - interval '11 minutes' WHERE tenant_id = $1`, [tenant.id]);
    await learnerOf(tenant).learn(tenant.id);
    expect([(await tenant.sums()).size, await tenant.unlearned()]).toEqual([0, 0]);
  });

  it('credits a decision to the vectors that its own time scored by, when what the bandit reads has changed since', async () => {
    const narrow = { ...spec, features: ['monetary_score'] };
    const tenant = new LearningTenant(pool, [learningShop(spec), learningShop(narrow)]);
    const [before, after] = [tenant.decision({ engagement_score: 0.5, monetary_score: 0.75 }, 1), tenant.decision({ monetary_score: 0.25 }, 2)];
    await tenant.write(before, after);
    await tenant.tell(outcome(before, 'click'), outcome(after, 'impression'));
    await learnerOf(tenant).learn(tenant.id);
    expect([...(await tenant.sums(spec)).values()].map(it => [...it.xr])).toEqual([[1, 0.5, 0.75]]);
    expect([...(await tenant.sums(narrow)).values()].map(it => [...it.xx])).toEqual([[1, 0.25, 0.25, 0.0625]]);
  });

  it('teaches no bandit by an imported log, by a placement without one, or by items of the caller\'s own', async () => {
    const tenant = new LearningTenant(pool, [learningShop(spec), learningShop(null)]);
    const imported = tenant.decision({});
    const silent = tenant.decision({}, 2);
    const own = tenant.decision({}, 1, { items: [item('a stranger')] });
    await tenant.write(imported, silent, own);
    await pool.query(`UPDATE decisions SET log = 'elsewhere' WHERE tenant_id = $1 AND id = $2`, [tenant.id, imported.request.id]);
    expect(own.answer.selectedItemId).toBe('a stranger');
    await tenant.tell(...[imported, silent, own].map(it => outcome(it, 'click')));
    await learnerOf(tenant).learn(tenant.id);
    expect([(await tenant.sums()).size, await tenant.unlearned()]).toEqual([0, 0]);
  });

  it('keeps tenants apart, and names those that have something to learn', async () => {
    const [one, two] = [new LearningTenant(pool), new LearningTenant(pool)];
    const record = one.decision({});
    await one.write(record);
    await one.tell(outcome(record, 'click'));
    const lessons = new PostgresLessons(pool, { at: one.at });
    expect(await lessons.waiting()).toEqual([one.id]);
    await learnerOf(two).learn(two.id);
    expect([(await two.sums()).size, await one.unlearned()]).toEqual([0, 1]);
    await learnerOf(one).learn(one.id);
    expect(await lessons.waiting()).toEqual([]);
  });
});
