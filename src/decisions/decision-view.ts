import type { Item } from '../content/item.js';
import type { Placement, PolicySpec } from '../content/placement.js';
import { isHeldOut } from '../experiments/allocation.js';
import type { Assignment, CandidateOutcome, DecisionLevel, Withheld } from './decision.js';
import type { Decided } from './personalizer.js';
import type { RuleSetVersion } from './snapshot/snapshot.js';

export interface StageTrace {
  readonly stage: 'gather' | 'candidates' | 'rules' | 'score' | 'compose';
  /** Candidates left after the stage. */
  readonly survivors: number;
  /** `candidates` and `rules` share one measurement, which `rules` carries. */
  readonly milliseconds: number;
}

/** What a decision rests on. */
export interface DecisionVersions {
  readonly snapshot: number;
  readonly ruleSets: readonly RuleSetVersion[];
  /** Null where another system decided. */
  readonly policy: PolicySpec['kind'] | null;
  readonly model: string | null;
  readonly posterior: number | null;
}

/** A candidate that knows its decision. */
export interface CandidateView extends CandidateOutcome {
  readonly decided: Decided;
}

/** A decision as clients see it. Each field is worked out when it is read: most queries ask for few. */
export class DecisionView {
  readonly #decided: Decided;

  constructor(decided: Decided) {
    this.#decided = decided;
  }

  get id(): string {
    return this.#decided.record.request.id;
  }
  get customerId(): string {
    return this.#decided.record.request.customerId;
  }
  get isStranger(): boolean {
    return !this.#decided.known;
  }
  get placement(): Placement {
    const { record, snapshot } = this.#decided;
    const found = snapshot.placements.get(record.request.placementId)?.placement;
    if (found === undefined) throw new Error('A decision names a placement that its snapshot lacks');
    return found;
  }
  get selectedContent(): Item | null {
    const { selectedItemId } = this.#decided.record.answer;
    return selectedItemId === null ? null : this.#item(selectedItemId);
  }
  get slate(): readonly { readonly position: number; readonly item: Item; readonly propensity: number }[] {
    return this.#decided.record.answer.slate.map(({ itemId, position, propensity }) => ({ position, item: this.#item(itemId), propensity }));
  }
  get alternativeOptions(): readonly Item[] {
    return this.#decided.record.answer.alternativeItemIds.map(id => this.#item(id));
  }
  get confidenceScore(): number {
    return this.#decided.record.answer.confidence;
  }
  get propensity(): number {
    return this.#decided.record.answer.propensity;
  }
  get explorationUsed(): boolean {
    return this.#decided.record.answer.explored;
  }
  get reasoning(): string {
    return this.#decided.record.answer.reasoning;
  }
  get level(): DecisionLevel {
    return this.#decided.record.answer.level;
  }
  get latencyMs(): number {
    return this.#decided.record.times.total;
  }
  get decidedAt(): Date {
    return new Date(this.#decided.record.request.decidedAt);
  }
  get assignments(): readonly Assignment[] {
    return this.#decided.record.answer.assignments;
  }
  get isHeldOut(): boolean {
    const { request, state } = this.#decided.record;
    return isHeldOut(state.unit ?? request.customerId, this.placement.holdout, request.placementId);
  }
  get candidates(): readonly CandidateView[] {
    return this.#decided.record.answer.candidates.map(it => ({ ...it, decided: this.#decided }));
  }
  get withheld(): readonly Withheld[] {
    return this.#decided.record.state.withheld ?? [];
  }
  get versions(): DecisionVersions {
    const { record: { snapshotVersion, scores }, snapshot } = this.#decided;
    return {
      snapshot: snapshotVersion,
      ruleSets: snapshot.ruleSets,
      policy: this.#policy(),
      model: scores.source === 'model' ? scores.modelId : null,
      posterior: scores.source === 'bandit' ? scores.posteriorVersion : null,
    };
  }
  get trace(): readonly StageTrace[] {
    const { answer, times } = this.#decided.record;
    const all = answer.candidates.length;
    const on = all - answer.candidates.filter(({ dropped }) => dropped?.stage === 'candidates').length;
    const left = answer.candidates.filter(({ dropped }) => dropped === null).length;
    return [
      { stage: 'gather', survivors: all, milliseconds: times.gather },
      { stage: 'candidates', survivors: on, milliseconds: 0 },
      { stage: 'rules', survivors: left, milliseconds: times.rules },
      { stage: 'score', survivors: left, milliseconds: times.score },
      { stage: 'compose', survivors: answer.slate.length, milliseconds: Math.max(0, times.total - times.gather - times.rules - times.score) },
    ];
  }

  #policy(): PolicySpec['kind'] | null {
    const { record: { request, answer }, snapshot } = this.#decided;
    const isOfAnother = answer.candidates.some(({ dropped, propensity }) => dropped === null && propensity === null);
    if (isOfAnother) return null;
    if (this.isHeldOut) return 'greedy';
    const experiments = snapshot.placements.get(request.placementId)?.experiments ?? [];
    const policies = answer.assignments.map(({ experimentId, armId }) =>
      experiments.find(({ experiment }) => experiment.id === experimentId)?.experiment.arms.find(({ id }) => id === armId)?.policy);
    return (policies.findLast(it => it !== undefined) ?? this.placement.policy).kind;
  }

  #item(id: string): Item {
    const { record, snapshot } = this.#decided;
    const found = record.request.items?.find(it => it.id === id) ?? snapshot.items.get(id);
    if (found === undefined) throw new Error('A decision names an item that its snapshot lacks');
    return found;
  }
}
