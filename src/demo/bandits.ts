import type { BanditSpec } from '../content/placement.js';
import { contextVector } from '../models/bandit/context-vector.js';
import { noTrials, withReward, withTrial, type ArmSums } from '../models/bandit/linear-posterior.js';
import { solvedPosteriors } from '../models/bandit/solved-posteriors.js';
import type { PlacementPosteriors } from '../models/posteriors.js';
import { demoPlacements } from './configuration.js';
import type { Trial } from './history.js';

interface Learned {
  readonly spec: BanditSpec;
  readonly arms: Map<string, ArmSums>;
  posteriors: PlacementPosteriors;
}

/** What the placements' bandits have learned at some time of the month, by the arithmetic of the live learner. */
export class DemoBandits {
  readonly #placements = new Map<string, Learned>();

  constructor() {
    for (const { id, bandit: spec } of demoPlacements) {
      if (spec !== undefined) this.#placements.set(id, { spec, arms: new Map(), posteriors: solvedPosteriors(0, spec, new Map()) });
    }
  }

  posteriorsOf(placementId: string): PlacementPosteriors {
    return this.#at(placementId).posteriors;
  }

  learn(trials: readonly Trial[]): void {
    for (const { record, facts, clicked } of trials) {
      const itemId = record.answer.selectedItemId;
      if (itemId === null) continue;
      const { spec, arms } = this.#at(record.request.placementId);
      const x = contextVector(spec, facts.features);
      const tried = withTrial(arms.get(itemId) ?? noTrials(x.length), x);
      arms.set(itemId, clicked ? withReward(tried, x, 1) : tried);
    }
    for (const it of this.#placements.values()) it.posteriors = solvedPosteriors(it.posteriors.version + 1, it.spec, new Map(it.arms));
  }

  #at(placementId: string): Learned {
    const found = this.#placements.get(placementId);
    if (found === undefined) throw new RangeError('The placement has no bandit');
    return found;
  }
}
