import { dot } from '../src/kernel/linear-algebra.js';
import type { Random } from '../src/kernel/random.js';
import type { LearningPolicy } from '../src/learning/off-policy/learning-policy.js';

const armCount = 10;
const dimensions = 10;

/** Arms with random unit vectors θ; a click has the probability 0.5 + 0.5 θ·x, clipped to [0.05, 0.95]. Each draw is from `random`. */
export class LinearWorld {
  readonly arms: readonly string[] = Array.from({ length: armCount }, (_, i) => `arm-${i}`);
  readonly #thetas: ReadonlyMap<string, Float64Array>;
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
    this.#thetas = new Map(this.arms.map(arm => [arm, this.#onSphere()]));
  }

  /** Uniform on the unit sphere, behind an intercept: [1, x...]. */
  context(): Float64Array {
    const x = new Float64Array(dimensions + 1);
    x[0] = 1;
    x.set(this.#onSphere(), 1);
    return x;
  }

  clickProbability(x: Float64Array, arm: string): number {
    return Math.min(0.95, Math.max(0.05, 0.5 + 0.5 * dot(this.#thetas.get(arm) ?? new Float64Array(dimensions), x.subarray(1))));
  }

  bestClickProbability(x: Float64Array): number {
    return Math.max(...this.arms.map(arm => this.clickProbability(x, arm)));
  }

  click(x: Float64Array, arm: string): 0 | 1 {
    return this.#random() < this.clickProbability(x, arm) ? 1 : 0;
  }

  #onSphere(): Float64Array {
    const z = Float64Array.from({ length: dimensions }, () => this.#normal());
    const length = Math.sqrt(dot(z, z));
    return z.map(it => it / length);
  }

  /** Box and Muller (1958). */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random());
  }
}

/** Regret of each round: how much likelier a click the best arm would have made. */
export function play(world: LinearWorld, policy: LearningPolicy, rounds: number, random: Random): Float64Array {
  return Float64Array.from({ length: rounds }, () => {
    const x = world.context();
    const arm = policy.choose(x, world.arms, random);
    policy.learn(x, arm, world.click(x, arm));
    return world.bestClickProbability(x) - world.clickProbability(x, arm);
  });
}
