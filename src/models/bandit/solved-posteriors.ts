import type { BanditSpec } from '../../content/placement.js';
import { fnv1a32 } from '../../kernel/hash.js';
import type { PlacementPosteriors } from '../posteriors.js';
import { meanOf, noTrials, solve, widthOf, type ArmSums, type SolvedArm } from './linear-posterior.js';

/** Names the vectors that sums were made from: sums of other vectors say nothing of these. */
export function contractOf({ features }: BanditSpec): string {
  return fnv1a32(JSON.stringify(features)).toString(16).padStart(8, '0');
}

/** All arms of a placement, each solved when it is first scored. @param sums by arm, of the spec's contract */
export function solvedPosteriors(version: number, spec: BanditSpec, sums: ReadonlyMap<string, ArmSums>): PlacementPosteriors {
  const prior = noTrials(spec.features.length + 1);
  const solved = new Map<ArmSums, SolvedArm>();
  const armOf = (arm: string): SolvedArm => {
    const of = sums.get(arm) ?? prior;
    let it = solved.get(of);
    if (it === undefined) solved.set(of, (it = solve(of, spec.lambda)));
    return it;
  };
  return {
    version,
    score: (arm, x) => {
      const it = armOf(arm);
      return meanOf(it, x) + (spec.alpha === 0 ? 0 : spec.alpha * widthOf(it, x));
    },
    mean: (arm, x) => meanOf(armOf(arm), x),
  };
}
