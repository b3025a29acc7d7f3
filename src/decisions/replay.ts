import { canonicalJson, type Json } from '../kernel/json.js';
import type { DecisionAnswer } from './decision.js';
import type { DecisionRecord } from './decision-record.js';
import { finish } from './pipeline/finish.js';
import { prepare } from './pipeline/prepare.js';
import type { Snapshot } from './snapshot/snapshot.js';

export interface Replay {
  /** Undefined where the snapshot lacks the placement, which a decision's own snapshot never does. */
  readonly answer: DecisionAnswer | undefined;
  /** Whether the answer equals the logged one, every digit of it. */
  readonly identical: boolean;
}

/**
 * Decides again from what was logged.
 * @param snapshot the one of the decision's version; another one tells what that configuration would have answered
 */
export function replay(record: DecisionRecord, snapshot: Snapshot): Replay {
  const placement = snapshot.placements.get(record.request.placementId);
  if (placement === undefined) return { answer: undefined, identical: false };
  const answer = finish(prepare(record.request, record.state, snapshot, placement), record.scores);
  return { answer, identical: textOf(answer) === textOf(record.answer) };
}

const textOf = (answer: DecisionAnswer): string => canonicalJson(answer as unknown as Json);
