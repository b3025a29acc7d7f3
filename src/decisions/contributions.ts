import type { BanditSpec } from '../content/placement.js';
import { categoryMark, columnsOf, type ModelInput } from '../models/input-contract.js';
import { contextVector } from '../models/bandit/context-vector.js';
import type { ModelScorer } from '../models/model-scorer.js';
import type { PlacementPosteriors } from '../models/posteriors.js';
import type { Decided } from './personalizer.js';
import { encodeRows, modelFor, prepare, type Prepared } from './pipeline/prepare.js';
import type { CompiledModel } from './snapshot/snapshot.js';

export interface Contribution {
  /** Of a bandit also what an arm scores by itself, and what is added for knowing little of it. */
  readonly kind: ModelInput['source'] | 'intercept' | 'uncertainty';
  /** Of the value; empty where the kind says it all. */
  readonly name: string;
  /** In units of the score before boosts. */
  readonly effect: number;
}

/** By item, largest effect first; items that were dropped are not there. */
export type ContributionsOfItems = ReadonlyMap<string, readonly Contribution[]>;

export interface ContributionsDeps {
  readonly scorer: ModelScorer;
  readonly posteriors: (tenantId: string, placementId: string, spec: BanditSpec) => PlacementPosteriors;
}

const timeoutMs = 2000;

/**
 * What each input did for the scores of a logged decision: the score less what it would be were the value missing (Robnik-Šikonja and
 * Kononenko 2008, "Explaining classifications for individual instances", the difference of predictions). The effects of a bandit add up
 * to the score; those of a model need not, where it weighs inputs together.
 */
export class Contributions {
  readonly #deps: ContributionsDeps;

  constructor(deps: ContributionsDeps) {
    this.#deps = deps;
  }

  /**
   * Undefined where nothing was estimated, the customer has been erased, or the bandit has learned since.
   * @throws DependencyUnavailable where the model cannot be run
   */
  async of({ record, snapshot }: Decided): Promise<ContributionsOfItems | undefined> {
    const { request, state, scores, tenantId } = record;
    const placement = snapshot.placements.get(request.placementId);
    if (placement === undefined || state.source === 'erased') return undefined;
    const prepared = prepare(request, state, snapshot, placement);
    if (scores.source === 'model') {
      const model = modelFor(prepared, snapshot);
      return model && this.#ofModel(tenantId, prepared, model);
    }
    const spec = placement.placement.bandit;
    if (scores.source !== 'bandit' || spec === undefined) return undefined;
    const posteriors = this.#deps.posteriors(tenantId, request.placementId, spec);
    return posteriors.version === scores.posteriorVersion ? ofBandit(prepared, spec, posteriors) : undefined;
  }

  async #ofModel(tenantId: string, prepared: Prepared, model: CompiledModel): Promise<ContributionsOfItems> {
    const { inputs } = model.model;
    const rowsOfItem = 1 + inputs.length;
    const count = prepared.survivors.length * rowsOfItem;
    const rows = rowsWithoutEach(prepared, model);
    const scores = await this.#deps.scorer.score(tenantId, { model: model.model, rows, count, timeoutMs });
    return new Map(prepared.survivors.map((candidate, i) => {
      const of = scores.subarray(i * rowsOfItem, (i + 1) * rowsOfItem);
      const category = prepared.candidates.facts[candidate]?.['category'];
      const effects = inputs.map(({ source, name }, j): Contribution => ({
        kind: source,
        name: name.replace(categoryMark, String(category ?? categoryMark)),
        effect: (of[0] ?? Number.NaN) - (of[j + 1] ?? Number.NaN),
      }));
      return [itemIdOf(prepared, candidate), byEffect(effects)];
    }));
  }
}

/** For each survivor its row, and then that row without each of the inputs. */
function rowsWithoutEach(prepared: Prepared, model: CompiledModel): Float32Array {
  const { width, model: { inputs } } = model;
  const whole = new Float32Array(prepared.survivors.length * width);
  encodeRows(prepared, model, whole, 0);
  const rows = new Float32Array(whole.length * (1 + inputs.length));
  for (let from = 0, to = 0; from < whole.length; from += width) {
    const row = whole.subarray(from, from + width);
    rows.set(row, to);
    to += width;
    let column = 0;
    for (const { transform, missing } of inputs) {
      const columns = columnsOf(transform);
      rows.set(row, to);
      rows.fill(missing, to + column, to + column + columns);
      column += columns;
      to += width;
    }
  }
  return rows;
}

function ofBandit(prepared: Prepared, spec: BanditSpec, posteriors: PlacementPosteriors): ContributionsOfItems {
  const x = contextVector(spec, prepared.read.facts.features);
  return new Map(prepared.survivors.map(candidate => {
    const arm = itemIdOf(prepared, candidate);
    const mean = posteriors.mean(arm, x);
    const without = (i: number): number => posteriors.mean(arm, x.with(i, 0));
    return [arm, byEffect([
      { kind: 'intercept', name: '', effect: mean - without(0) },
      { kind: 'uncertainty', name: '', effect: posteriors.score(arm, x) - mean },
      ...spec.features.map((name, i): Contribution => ({ kind: 'feature', name, effect: mean - without(i + 1) })),
    ])];
  }));
}

const itemIdOf = ({ candidates }: Prepared, candidate: number): string => candidates.items[candidate]?.item.id ?? '';
const byEffect = (all: readonly Contribution[]): readonly Contribution[] => all.toSorted((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
