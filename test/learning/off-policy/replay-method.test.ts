import { describe, expect, it } from '@jest/globals';
import { LinearWorld, play } from '../../../bench/linear-world.js';
import { momentsOf } from '../../../src/kernel/statistics.js';
import { seededRandom, type Random } from '../../../src/kernel/random.js';
import type { LearningPolicy } from '../../../src/learning/off-policy/learning-policy.js';
import { LinearPolicy } from '../../../src/learning/off-policy/linear-policy.js';
import { replayPolicy, type LoggedTrial, type ReplayEstimate } from '../../../src/learning/off-policy/replay-method.js';

const x = Float64Array.of(1);
const arms = ['a', 'b', 'c', 'd'];

/** Chooses the same arm always, and keeps what it is told. */
class Fixed implements LearningPolicy {
  readonly told: (readonly [string, number])[] = [];
  readonly #arm: string;
  constructor(arm: string) {
    this.#arm = arm;
  }
  choose(): string {
    return this.#arm;
  }
  learn(_x: Float64Array, arm: string, reward: number): void {
    this.told.push([arm, reward]);
  }
}

const trial = (arm: string, reward: number, more: Partial<LoggedTrial> = {}): LoggedTrial => ({ x, arms, arm, propensity: 0.25, reward, ...more });

async function* logOf(...trials: readonly LoggedTrial[]): AsyncGenerator<LoggedTrial> {
  yield* trials;
}

function supported(estimate: ReplayEstimate): Extract<ReplayEstimate, { supported: true }> {
  if (!estimate.supported) throw new Error(`Not supported: ${estimate.reason}`);
  return estimate;
}

describe('replayPolicy', () => {
  it('counts, and tells the policy, the trials in which it chose as the log did', async () => {
    const policy = new Fixed('b');
    const estimate = supported(await replayPolicy(logOf(trial('b', 1), trial('a', 1), trial('b', 0), trial('b', 1), trial('c', 0)), policy, seededRandom(1)));
    expect(estimate).toMatchObject({ rows: 5, matched: 3, value: 2 / 3 });
    expect(policy.told).toEqual([['b', 1], ['b', 0], ['b', 1]]);
    expect(estimate.low).toBeCloseTo(0.2077, 4);
    expect(estimate.high).toBeCloseTo(0.9385, 4);
  });

  it('refuses a log that did not choose by chance alone', async () => {
    const log = logOf(trial('b', 1), trial('b', 1, { propensity: 0.4 }), trial('b', 1));
    expect(await replayPolicy(log, new Fixed('b'), seededRandom(1))).toEqual({ rows: 3, matched: 0, supported: false, reason: 'NOT_UNIFORM' });
    expect(await replayPolicy(logOf(trial('e', 1)), new Fixed('e'), seededRandom(1))).toMatchObject({ reason: 'NOT_UNIFORM' });
  });

  it('refuses where the policy never chose as the log did', async () => {
    expect(await replayPolicy(logOf(trial('b', 1)), new Fixed('a'), seededRandom(1))).toMatchObject({ supported: false, reason: 'NO_MATCH' });
    expect(await replayPolicy(logOf(), new Fixed('a'), seededRandom(1))).toMatchObject({ rows: 0, supported: false, reason: 'NO_MATCH' });
  });

  it('agrees with what a learning policy gets online, in worlds where both can be run', async () => {
    const worlds = 25;
    const matches = 200;
    const learner = (): LearningPolicy => new LinearPolicy({ lambda: 1, alpha: 1 }, { kind: 'epsilonGreedy', epsilon: 0.1 });
    const differences = await Promise.all(Array.from({ length: worlds }, async (_, seed) => (await replayed(seed, matches, learner())) - online(seed, matches, learner())));
    const { mean, variance } = momentsOf(differences);
    expect(Math.abs(mean)).toBeLessThan(4 * Math.sqrt(variance / worlds));
    // The test would see a difference of an eighth of what there is to learn, 0.24.
    expect(4 * Math.sqrt(variance / worlds)).toBeLessThan(0.03);
  });

  /** True click probability of the chosen arms, which has less noise than their clicks; the policy learns from clicks. */
  function online(seed: number, rounds: number, policy: LearningPolicy): number {
    let sum = 0;
    const world = new LinearWorld(seededRandom(seed));
    const best: number[] = [];
    const watched: LearningPolicy = {
      choose: (at, of, random) => {
        const arm = policy.choose(at, of, random);
        sum += world.clickProbability(at, arm);
        best.push(world.bestClickProbability(at));
        return arm;
      },
      learn: (at, arm, reward) => { policy.learn(at, arm, reward); },
    };
    const regret = play(world, watched, rounds, seededRandom(seed + 1000));
    expect(sum / rounds).toBeCloseTo(momentsOf(best).mean - momentsOf(regret).mean, 10);
    return sum / rounds;
  }

  async function replayed(seed: number, matches: number, policy: LearningPolicy): Promise<number> {
    const world = new LinearWorld(seededRandom(seed));
    const estimate = supported(await replayPolicy(uniformLog(world, matches * world.arms.length, seededRandom(seed + 2000)), policy, seededRandom(seed + 3000)));
    return estimate.value;
  }

  async function* uniformLog(world: LinearWorld, rows: number, random: Random): AsyncGenerator<LoggedTrial> {
    for (let i = 0; i < rows; i++) {
      const at = world.context();
      const arm = world.arms[Math.floor(random() * world.arms.length)] ?? '';
      yield { x: at, arms: world.arms, arm, propensity: 1 / world.arms.length, reward: world.click(at, arm) };
    }
  }
});
