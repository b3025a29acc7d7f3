import type { CustomerState, DecisionAnswer, DecisionRequest, Scores } from './decision.js';

/** All that replay needs of one decision, and the answer that was given. */
export interface DecisionInputs {
  readonly request: DecisionRequest;
  readonly state: CustomerState;
  readonly scores: Scores;
  readonly snapshotVersion: number;
}

/** Milliseconds. `total` runs from the request to the answer; the stages of `explore` and `compose` are what is left of it. */
export interface StageTimes {
  readonly gather: number;
  /** Candidates, rules and assignment. */
  readonly rules: number;
  readonly score: number;
  readonly total: number;
}

export interface DecisionRecord extends DecisionInputs {
  readonly tenantId: string;
  readonly answer: DecisionAnswer;
  /** Not part of the answer: a replay takes its own time. */
  readonly times: StageTimes;
}

/** The part of a record that is kept as text: everything that has no column of its own. */
interface Body {
  readonly r: Omit<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'>;
  readonly s: CustomerState;
  readonly c: Scores;
  readonly a: DecisionAnswer;
  readonly t: StageTimes;
}

/** Numbers survive bit for bit: JavaScript prints a double as the shortest text that reads back as the same double. */
export function encodeBody({ request: { items, context, limit, seed }, state, scores, answer, times }: DecisionRecord): string {
  const body: Body = { r: { ...(items && { items }), context, limit, seed }, s: state, c: scores, a: answer, t: times };
  return JSON.stringify(body);
}

export function decodeBody(
  columns: Pick<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'> & Pick<DecisionRecord, 'tenantId' | 'snapshotVersion'>,
  text: string,
): DecisionRecord {
  const { r, s, c, a, t } = JSON.parse(text) as Body;
  const { tenantId, snapshotVersion, ...ids } = columns;
  return { tenantId, snapshotVersion, request: { ...ids, ...r }, state: s, scores: c, answer: a, times: t };
}
