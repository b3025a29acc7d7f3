import type { BanditSpec, PolicySpec } from '../../content/placement.js';
import { distribution, draw } from '../../decisions/exploration/distribution.js';
import type { Random } from '../../kernel/random.js';
import { meanOf, noTrials, solve, widthOf, withReward, withTrial, type ArmSums, type SolvedArm } from '../../models/bandit/linear-posterior.js';
import type { LearningPolicy } from './learning-policy.js';

interface Arm {
  sums: ArmSums;
  /** Made when it is needed next. */
  solved?: SolvedArm | undefined;
}

/** A placement's linear bandit with its exploration policy, which learns at once: what the live engine comes to within seconds. */
export class LinearPolicy implements LearningPolicy {
  readonly #spec: Pick<BanditSpec, 'lambda' | 'alpha'>;
  readonly #policy: PolicySpec;
  readonly #arms = new Map<string, Arm>();

  constructor(spec: Pick<BanditSpec, 'lambda' | 'alpha'>, policy: PolicySpec) {
    this.#spec = spec;
    this.#policy = policy;
  }

  choose(x: Float64Array, arms: readonly string[], random: Random): string {
    const scores = new Float64Array(arms.length);
    for (let i = 0; i < arms.length; i++) scores[i] = this.#score(this.#arm(arms[i] ?? '', x.length), x);
    return arms[draw(distribution(this.#policy, scores), random())] ?? '';
  }

  learn(x: Float64Array, arm: string, reward: number): void {
    const of = this.#arm(arm, x.length);
    of.sums = withReward(withTrial(of.sums, x), x, reward);
    of.solved = undefined;
  }

  #score(arm: Arm, x: Float64Array): number {
    const { lambda, alpha } = this.#spec;
    arm.solved ??= solve(arm.sums, lambda);
    return meanOf(arm.solved, x) + (alpha === 0 ? 0 : alpha * widthOf(arm.solved, x));
  }

  #arm(id: string, dimensions: number): Arm {
    let arm = this.#arms.get(id);
    if (arm === undefined) this.#arms.set(id, (arm = { sums: noTrials(dimensions) }));
    return arm;
  }
}
