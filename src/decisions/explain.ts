import { NotFound } from '../kernel/errors.js';
import type { CandidateOutcome, DecisionAnswer } from './decision.js';
import type { CandidateView } from './decision-view.js';
import type { Decided } from './personalizer.js';

export interface Explanation {
  readonly itemId: string;
  readonly selected: boolean;
  readonly summary: string;
  /** From 1; null where it was dropped. */
  readonly rank: number | null;
  readonly candidate: CandidateView;
}

/** @throws NotFound where the decision did not consider the item */
export function explain(decided: Decided, itemId: string): Explanation {
  const { answer } = decided.record;
  const candidate = answer.candidates.find(it => it.itemId === itemId);
  if (candidate === undefined) throw new NotFound('The decision did not consider such an item.');
  const { score } = candidate;
  const rank = score === null ? null : 1 + answer.candidates.filter(it => it.score !== null && it.score > score).length;
  const selected = answer.selectedItemId === itemId;
  return { itemId, selected, rank, candidate: { ...candidate, decided }, summary: summaryOf(answer, candidate, rank, selected) };
}

function summaryOf(answer: DecisionAnswer, { dropped, score, propensity, boost }: CandidateOutcome, rank: number | null, selected: boolean): string {
  if (dropped !== null) return `Left out by ${dropped.stage === 'rules' ? `the rule "${dropped.code}"` : 'its schedule or placement'}: ${dropped.reason}`;
  if (propensity === null) return 'Not shown by the system that decided, which did not log how likely it was.';
  const chance = `it had a probability of ${propensity.toFixed(4)}`;
  if (score === null) return `Shown by the system that decided: ${chance}.`;
  const scored = `scored ${score.toFixed(4)}${boost === 1 ? '' : ` (boosted ${boost.toFixed(2)} times)`}, rank ${rank ?? 0} of ${answer.candidates.filter(it => it.score !== null).length}`;
  if (selected) return `Shown: ${scored}; ${chance}. ${answer.reasoning}.`;
  return `Not shown: ${scored}; ${chance}${answer.explored ? ', and chance chose another' : ''}.`;
}
