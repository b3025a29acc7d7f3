import { describe, expect, it } from '@jest/globals';
import { LinearWorld, play } from '../../../bench/linear-world.js';
import { seededRandom } from '../../../src/kernel/random.js';
import { momentsOf } from '../../../src/kernel/statistics.js';
import { LinearPolicy } from '../../../src/learning/off-policy/linear-policy.js';

/**
 * What theory promises of ridge regression in the linear world: click probabilities spread over arms with a variance of 0.25 / 10, and
 * are estimated, after n trials of an arm in random contexts, with one of at most 0.25 · 11 / n (a click's variance times what 11
 * coefficients cost). Of arms with nearly normal values, the one with the best estimate is better than the average arm by the
 * correlation of estimate and value times what the best arm is.
 */
function promisedShare(trialsPerArm: number): number {
  return Math.sqrt(0.025 / (0.025 + (0.25 * 11) / trialsPerArm));
}

/** A share of what the best arm has over the average one. */
function gainOver(world: LinearWorld, choose: (x: Float64Array) => string): number {
  let [gained, possible] = [0, 0];
  for (let i = 0; i < 2000; i++) {
    const x = world.context();
    const average = momentsOf(world.arms.map(arm => world.clickProbability(x, arm))).mean;
    gained += world.clickProbability(x, choose(x)) - average;
    possible += world.bestClickProbability(x) - average;
  }
  return gained / possible;
}

describe('LinearPolicy', () => {
  it.each([100, 300])('gains, after %d trials of each arm, the share that theory promises of what there is', trialsPerArm => {
    const shares = Array.from({ length: 12 }, (_, seed) => {
      const random = seededRandom(seed + 400);
      const world = new LinearWorld(seededRandom(seed));
      const policy = new LinearPolicy({ lambda: 1, alpha: 0 }, { kind: 'greedy' });
      for (let i = 0; i < trialsPerArm * world.arms.length; i++) {
        const x = world.context();
        const arm = world.arms[i % world.arms.length] ?? '';
        policy.learn(x, arm, world.click(x, arm));
      }
      return gainOver(world, x => policy.choose(x, world.arms, random));
    });
    const { mean, variance } = momentsOf(shares);
    expect(mean).toBeGreaterThan(promisedShare(trialsPerArm) - 4 * Math.sqrt(variance / shares.length));
    expect(mean).toBeLessThan(1);
    expect(4 * Math.sqrt(variance / shares.length)).toBeLessThan(0.1);
  });

  it('by LinUCB loses less, from its 1000th to its 2000th round, than who has learned from 1000 rounds of chance', () => {
    const seeds = Array.from({ length: 8 }, (_, seed) => seed);
    const regrets = seeds.map(seed => {
      const regret = play(new LinearWorld(seededRandom(seed)), new LinearPolicy({ lambda: 1, alpha: 1 }, { kind: 'greedy' }), 2000, seededRandom(seed + 400));
      return momentsOf(regret.subarray(1000)).mean;
    });
    const byChance = momentsOf(seeds.map(seed => momentsOf(play(new LinearWorld(seededRandom(seed)), new LinearPolicy({ lambda: 1, alpha: 0 }, { kind: 'uniform' }), 2000, seededRandom(seed + 400))).mean)).mean;
    const { mean, variance } = momentsOf(regrets);
    // Chance loses 0.5 · 1.539 / √10: half the expected largest of ten normal values of variance 1/10 (Harter 1961).
    expect(Math.abs(byChance - (0.5 * 1.539) / Math.sqrt(10))).toBeLessThan(0.02);
    expect(mean).toBeLessThan((1 - promisedShare(100)) * byChance + 4 * Math.sqrt(variance / seeds.length));
  });

  it('tries every arm where it is unsure, and none twice by LinUCB before the others in the same context', () => {
    const policy = new LinearPolicy({ lambda: 1, alpha: 1 }, { kind: 'greedy' });
    const x = Float64Array.of(1, 0.5);
    const arms = ['a', 'b', 'c'];
    const chosen = arms.map(() => {
      const arm = policy.choose(x, arms, () => 0);
      policy.learn(x, arm, 0);
      return arm;
    });
    expect(chosen).toEqual(arms);
  });

  it('chooses among the arms that there are now', () => {
    const policy = new LinearPolicy({ lambda: 1, alpha: 0 }, { kind: 'greedy' });
    const x = Float64Array.of(1);
    policy.learn(x, 'gone', 1);
    expect(policy.choose(x, ['new', 'old'], () => 0)).toBe('new');
    policy.learn(x, 'old', 1);
    expect(policy.choose(x, ['new', 'old'], () => 0)).toBe('old');
  });
});
