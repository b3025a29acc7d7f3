import type { BanditSpec, PolicySpec, ScorerRef } from '../../content/placement.js';
import { assign, isHeldOut } from '../../experiments/allocation.js';
import { contextVector } from '../../models/bandit/context-vector.js';
import type { PlacementPosteriors } from '../../models/posteriors.js';
import type { Assignment, CustomerState, DecisionRequest, Scores } from '../decision.js';
import type { CompiledModel, CompiledPlacement, Snapshot } from '../snapshot/snapshot.js';
import { applyRules } from './apply-rules.js';
import { findCandidates, type Candidates } from './candidates.js';
import { readFacts, type ReadFacts } from './facts.js';

/** What is known before anything is scored: who may be shown what, and how it is to be chosen. */
export interface Prepared {
  readonly request: DecisionRequest;
  readonly state: CustomerState;
  readonly placement: CompiledPlacement;
  readonly read: ReadFacts;
  readonly candidates: Candidates;
  /** Indexes of the candidates that survived. */
  readonly survivors: readonly number[];
  readonly assignments: readonly Assignment[];
  readonly scorer: ScorerRef;
  readonly policy: PolicySpec;
}

/** The stages candidates, rules and assign. */
export function prepare(request: DecisionRequest, state: CustomerState, snapshot: Snapshot, placement: CompiledPlacement): Prepared {
  const read = readFacts(request, state, snapshot, placement);
  const candidates = findCandidates(request, placement, read.facts);
  applyRules(candidates, placement, read.facts);
  const survivors: number[] = [];
  candidates.drops.forEach((drop, i) => {
    if (drop === null) survivors.push(i);
  });
  return { request, state, placement, read, candidates, survivors, ...assignArms(state.unit ?? request.customerId, placement, read) };
}

/** Held-out customers get the editors' order; for the others each experiment that they are in may change scorer and policy. */
function assignArms(
  unitId: string,
  { placement, experiments }: CompiledPlacement,
  { facts }: ReadFacts,
): Pick<Prepared, 'assignments' | 'scorer' | 'policy'> {
  let { scorer, policy }: { scorer: ScorerRef; policy: PolicySpec } = placement;
  const assignments: Assignment[] = [];
  for (const { experiment, targeting, weights } of experiments) {
    const result = assign({ unitId, seed: experiment.seed, coverage: experiment.coverage, weights, holdout: placement.holdout, holdoutSeed: placement.id });
    const takesPart = result.kind === 'arm' && (targeting === undefined || targeting(facts) === true);
    const arm = takesPart ? experiment.arms[result.index] : undefined;
    scorer = arm?.scorer ?? scorer;
    policy = arm?.policy ?? policy;
    assignments.push({ experimentId: experiment.id, armId: arm?.id ?? null, holdout: result.kind === 'holdout' });
  }
  const heldOut = isHeldOut(unitId, placement.holdout, placement.id);
  return heldOut ? { assignments, scorer: { kind: 'priority' }, policy: { kind: 'greedy' } } : { assignments, scorer, policy };
}

/** The model that is to score the survivors; undefined where none is, the customer does not consent to it, or nothing is known to score them by. */
export function modelFor({ scorer, survivors, state }: Prepared, { models }: Snapshot): CompiledModel | undefined {
  if (scorer.kind !== 'model' || survivors.length === 0 || state.source === 'none') return undefined;
  const isWithheld = state.withheld?.some(({ kind, name }) => kind === 'MODEL' && name === scorer.modelId) === true;
  return isWithheld ? undefined : models.get(scorer.modelId);
}

/** Writes a row for each survivor into `rows`, row-major [.., width], from row `first` on. */
export function encodeRows({ read, candidates, survivors }: Prepared, { encode, width }: CompiledModel, rows: Float32Array, first: number): void {
  encode(read.facts, { items: candidates.facts, chosen: survivors }, rows, first * width);
}

/** Scores that need no I/O: the bandit's, or none but the editors' order. */
export function scoreInPlace(prepared: Prepared, posteriorsOf: (spec: BanditSpec) => PlacementPosteriors): Scores {
  const { scorer, placement, survivors, candidates, read, state } = prepared;
  if (scorer.kind === 'priority' || survivors.length === 0) return { source: 'priority' };
  const spec = placement.placement.bandit;
  if (scorer.kind !== 'bandit' || spec === undefined || state.source === 'none') return { source: 'unavailable' };
  const posteriors = posteriorsOf(spec);
  const x = contextVector(spec, read.facts.features);
  const values = survivors.map(i => posteriors.score(candidates.items[i]?.item.id ?? '', x));
  return { source: 'bandit', posteriorVersion: posteriors.version, values };
}
