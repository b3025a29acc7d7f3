import type { DecisionRecord } from '../decisions/decision-record.js';
import { readFacts } from '../decisions/pipeline/facts.js';
import type { Snapshot } from '../decisions/snapshot/snapshot.js';
import { contextVector } from '../models/bandit/context-vector.js';
import { contractOf } from '../models/bandit/solved-posteriors.js';

/** What a decision can teach its placement's bandit: that this arm was pulled in this context. */
export interface Trial {
  readonly placementId: string;
  /** Digest of the features that `x` was made from. */
  readonly contract: string;
  /** Id of the item. */
  readonly arm: string;
  readonly x: Float64Array;
}

/**
 * The trial of a decision, whoever chose the item: model, bandit, editors or chance. Its vector is the one that the bandit of that time
 * scored with, or would have, so that it depends on the decision alone and not on when its outcomes come in.
 * Undefined where there is nothing to learn: the placement had no bandit, nothing could be read of the customer, or nothing was shown that
 * the tenant has (items of a caller's own come and go, and would pile up as arms).
 * @param snapshot of the decision's version
 */
export function trialOf({ request, state, answer }: DecisionRecord, snapshot: Snapshot): Trial | undefined {
  const placement = snapshot.placements.get(request.placementId);
  const spec = placement?.placement.bandit;
  const arm = answer.selectedItemId;
  if (placement === undefined || spec === undefined || state.source === 'none' || arm === null || !snapshot.items.has(arm)) return undefined;
  const x = contextVector(spec, readFacts(request, state, snapshot, placement).facts.features);
  return x.every(Number.isFinite) ? { placementId: request.placementId, contract: contractOf(spec), arm, x } : undefined;
}
