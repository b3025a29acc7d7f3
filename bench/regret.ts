import type { PolicySpec } from '../src/content/placement.js';
import { seededRandom } from '../src/kernel/random.js';
import { momentsOf } from '../src/kernel/statistics.js';
import { LinearPolicy } from '../src/learning/off-policy/linear-policy.js';
import { LinearWorld, play } from './linear-world.js';

export interface RegretFigures {
  readonly policy: string;
  /** Regret of a round, averaged over the rounds so far and the seeds, by the number of rounds. */
  readonly byRounds: Readonly<Record<number, number>>;
  /** Between the seeds, after all rounds. */
  readonly standardDeviation: number;
  /** Of one round, in which every arm is scored and the chosen one learns; the world's own work included. */
  readonly microsecondsPerRound: number;
}

const horizons = [100, 300, 1000, 3000, 10_000] as const;
const rounds = 10_000;
const seeds = Array.from({ length: 10 }, (_, i) => i + 1);

interface Contender {
  readonly policy: string;
  readonly spec: { readonly lambda: number; readonly alpha: number };
  readonly explore: PolicySpec;
}

/** LinUCB's α was tuned once, in 60 other worlds (seeds from 1000 on): 1 was best by a hair among 1, 1.2 and 1.4, as 1 was for λ among 1, 2 and 3. */
const contenders: readonly Contender[] = [
  { policy: 'uniform', spec: { lambda: 1, alpha: 0 }, explore: { kind: 'uniform' } },
  { policy: 'epsilon-greedy 0.1', spec: { lambda: 1, alpha: 0 }, explore: { kind: 'epsilonGreedy', epsilon: 0.1 } },
  { policy: 'LinUCB', spec: { lambda: 1, alpha: 1 }, explore: { kind: 'greedy' } },
];

/** What each policy loses while it learns, in ten linear worlds that are the same for all. */
export function benchRegret(): readonly RegretFigures[] {
  return contenders.map(({ policy, spec, explore }) => {
    const started = performance.now();
    const runs = seeds.map(seed => play(new LinearWorld(seededRandom(seed)), new LinearPolicy(spec, explore), rounds, seededRandom(seed + 5000)));
    const microsecondsPerRound = ((performance.now() - started) * 1000) / (rounds * seeds.length);
    const after = (horizon: number): readonly number[] => runs.map(it => momentsOf(it.subarray(0, horizon)).mean);
    const byRounds = Object.fromEntries(horizons.map(it => [it, momentsOf(after(it)).mean]));
    return { policy, byRounds, standardDeviation: Math.sqrt(momentsOf(after(rounds)).variance), microsecondsPerRound };
  });
}

/** Lines of a table. */
export function describeRegret(figures: readonly RegretFigures[]): readonly string[] {
  const line = (first: string, cells: readonly string[]): string => first.padEnd(20) + cells.map(it => it.padStart(9)).join('');
  return [
    line('average regret after', [...horizons.map(String), 'sd', 'µs/round']),
    ...figures.map(it =>
      line(it.policy, [...horizons.map(of => (it.byRounds[of] ?? Number.NaN).toFixed(4)), it.standardDeviation.toFixed(4), it.microsecondsPerRound.toFixed(1)]),
    ),
  ];
}
