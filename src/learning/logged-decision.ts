import type { BanditSpec } from '../content/placement.js';
import type { FeatureValue } from '../customers/online-record.js';
import type { DecisionRecord } from '../decisions/decision-record.js';
import { contextVector } from '../models/bandit/context-vector.js';
import type { OutcomeKind } from '../outcomes/outcome.js';
import type { LoggedChoice } from './off-policy/estimators.js';
import type { LoggedTrial } from './off-policy/replay-method.js';
import { rewardAfter } from './reward.js';

/** A decision of which something came: at least that its customer saw it. */
export interface LoggedDecision {
  readonly record: DecisionRecord;
  readonly kinds: readonly OutcomeKind[];
}

export interface LoggedDecisions {
  /**
   * By pages, in the order of time, of the own log (`live`) or of an imported one.
   * @param placementId undefined for all
   */
  pages(tenantId: string, log: string, placementId: string | undefined): AsyncIterable<readonly LoggedDecision[]>;
}

/** Ids of the items that there was a choice between; empty where there was none, or where it was made beside them (a fallback). */
export function choicesOf({ answer }: DecisionRecord): readonly string[] {
  const eligible = answer.candidates.filter(it => it.dropped === null).map(it => it.itemId);
  return answer.selectedItemId !== null && eligible.includes(answer.selectedItemId) ? eligible : [];
}

/** How a policy that chooses among all alike would have fared; undefined where there was no choice. */
export function uniformChoice({ record, kinds }: LoggedDecision): LoggedChoice | undefined {
  const choices = choicesOf(record);
  if (choices.length === 0) return undefined;
  const neverShown = record.answer.candidates.filter(it => it.dropped === null && it.propensity === 0).length;
  return {
    reward: rewardAfter(0, kinds),
    loggingPropensity: record.answer.propensity,
    targetProbability: 1 / choices.length,
    beyondLog: neverShown / choices.length,
  };
}

/**
 * What a learning policy is shown of a decision; undefined where there was no choice.
 * @param spec its names are those of features, of fields of the context, or of attributes, as the log holds them
 */
export function replayTrial({ record, kinds }: LoggedDecision, spec: BanditSpec): LoggedTrial | undefined {
  const { request, state, answer } = record;
  const arms = choicesOf(record);
  if (arms.length === 0 || answer.selectedItemId === null) return undefined;
  const features = Object.fromEntries(Object.entries(state.features).map(([name, { value }]): [string, FeatureValue] => [name, value]));
  const x = contextVector(spec, { ...state.attributes, ...request.context, ...features });
  return { x, arms, arm: answer.selectedItemId, propensity: answer.propensity, reward: rewardAfter(0, kinds) };
}
