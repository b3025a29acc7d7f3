import type { Random } from '../../kernel/random.js';

/** Decides between arms and learns from what came of it, as the live engine does over many decisions. Keeps state. */
export interface LearningPolicy {
  /** @param x context vector, an intercept included @returns one of `arms` */
  choose(x: Float64Array, arms: readonly string[], random: Random): string;
  /** Called once for each choice that was carried out. */
  learn(x: Float64Array, arm: string, reward: number): void;
}
