import { describe, expect, it } from '@jest/globals';
import { compileSnapshot } from '../../src/decisions/snapshot/compile.js';
import { replay } from '../../src/decisions/replay.js';
import { customerAt, encountersOf, meet, type Brain, type Trial } from '../../src/demo/history.js';
import { simulateMonth } from '../../src/demo/month.js';
import { clickProbability } from '../../src/demo/truth.js';
import { demoWorld } from '../../src/demo/world.js';
import { seededRandom } from '../../src/kernel/random.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const world = demoWorld(now);
const artifactOf = (): string => 'a'.repeat(64);
const month = simulateMonth(world, artifactOf);
const [before, after] = month.configurations.map(compileSnapshot);
if (before === undefined || after === undefined) throw new Error('The month has two configurations');

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const idsOf = (trials: readonly Trial[]): readonly string[] => trials.map(it => it.record.request.id);

describe('simulateMonth', () => {
  it('tells the same month for the same world', () => {
    const again = simulateMonth(demoWorld(now), artifactOf);
    expect(again.model).toEqual(month.model);
    expect(again.trials.map(({ record, outcomes }) => ({ record, outcomes }))).toEqual(month.trials.map(({ record, outcomes }) => ({ record, outcomes })));
  });

  it('has 3,000 decisions with ids of their own, in the order of time, that replay bit for bit', () => {
    expect(month.trials).toHaveLength(3000);
    expect(new Set(idsOf(month.trials)).size).toBe(3000);
    expect([...idsOf(month.trials)].sort()).toEqual(idsOf(month.trials));
    for (const { record } of month.trials) {
      expect(replay(record, record.snapshotVersion === 1 ? before : after).identical).toBe(true);
    }
  });

  it('draws as many clicks as the truth says, within 4 standard errors, in each half and placement and in all', () => {
    const groups = new Map<string, readonly Trial[]>([['all', month.trials]]);
    for (const trial of month.trials) {
      const group = `${trial.record.snapshotVersion} ${trial.record.request.placementId}`;
      groups.set(group, [...(groups.get(group) ?? []), trial]);
    }
    expect(groups.size).toBe(9);
    for (const trials of groups.values()) {
      const expected = sum(trials.map(it => it.probability));
      const standardError = Math.sqrt(sum(trials.map(({ probability: p }) => p * (1 - p))));
      expect(Math.abs(trials.filter(it => it.clicked).length - expected)).toBeLessThan(4 * standardError);
    }
  });

  it('chooses in the first weeks as by chance: each item as often as its propensities say, within 4 standard errors', () => {
    const first = month.trials.filter(it => it.record.snapshotVersion === 1);
    const items = new Set(first.flatMap(it => it.record.answer.candidates.map(({ itemId }) => itemId)));
    for (const itemId of items) {
      const chances = first.map(it => it.record.answer.candidates.find(candidate => candidate.itemId === itemId)?.propensity ?? 0);
      const shown = first.filter(it => it.record.answer.selectedItemId === itemId).length;
      const standardError = Math.sqrt(sum(chances.map(p => p * (1 - p))));
      expect(Math.abs(shown - sum(chances))).toBeLessThanOrEqual(4 * standardError);
    }
  });

  it('runs the experiment on four of five customers, half in each arm', () => {
    const arms = new Map(month.trials.filter(it => it.record.snapshotVersion === 2 && it.record.request.placementId === 'homepage-hero')
      .map(({ record }) => [record.request.customerId, record.answer.assignments[0]?.armId ?? null]));
    const share = (arm: string | null): number => [...arms.values()].filter(it => it === arm).length / arms.size;
    for (const [arm, wanted] of [['model', 0.38], ['bandit', 0.38], [null, 0.24]] as const) {
      expect(Math.abs(share(arm) - wanted)).toBeLessThan(4 * Math.sqrt((wanted * (1 - wanted)) / arms.size));
    }
  });
});

describe('the model that the month taught', () => {
  it('closes at least a third of the gap between chance and the best choice, by the truth itself', () => {
    const brain: Brain = { snapshot: after, model: month.model, posteriorsOf: () => ({ version: 0, score: () => 0, mean: () => 0 }) };
    const random = seededRandom(99);
    const visitors = Array.from({ length: 1500 }, () => customerAt(world, now, random));
    const rates = { uniform: 0, model: 0, best: 0 };
    let visits = 0;
    for (const customer of visitors) {
      const { record } = meet(world, { at: now, customer, deviceType: 'desktop', placementId: 'product-recommendations' }, brain, random);
      if (record.scores.source !== 'model') continue;
      visits += 1;
      const left = record.answer.candidates.filter(it => it.dropped === null);
      const truth = left.map(({ itemId }) => {
        const item = world.items.find(({ id }) => id === itemId);
        return item === undefined ? 0 : clickProbability(customer, item, { at: now, deviceType: 'desktop' });
      });
      const scores = left.map(it => it.score ?? 0);
      rates.uniform += sum(truth) / truth.length;
      rates.model += truth[scores.indexOf(Math.max(...scores))] ?? 0;
      rates.best += Math.max(...truth);
    }
    const { uniform, model, best } = { uniform: rates.uniform / visits, model: rates.model / visits, best: rates.best / visits };
    process.stdout.write(`      true click rate of product-recommendations: uniform ${uniform.toFixed(4)}, model ${model.toFixed(4)}, best ${best.toFixed(4)}\n`);
    expect(model).toBeGreaterThan(uniform + (best - uniform) / 3);
    expect(model).toBeLessThan(best);
  });
});

describe('encountersOf', () => {
  it('meets nobody before they signed up, and the active more often', () => {
    const encounters = encountersOf(world, 2000, seededRandom(3));
    for (const { at, customer } of encounters) expect(customer.signedUpAt).toBeLessThanOrEqual(at);
    const activity = sum(encounters.map(it => it.customer.traits.activity)) / encounters.length;
    expect(activity).toBeGreaterThan(1.5 * (sum(world.customers.map(it => it.traits.activity)) / world.customers.length));
  });
});
