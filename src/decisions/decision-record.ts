import { packDoubles, unpackDoubles } from '../kernel/doubles.js';
import type { Assignment, CandidateOutcome, CustomerState, DecisionAnswer, DecisionRequest, Drop, Scores } from './decision.js';
import type { FeatureReading } from '../customers/online-record.js';

/** All that replay needs of one decision. */
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

/**
 * The part of a record that is kept as text: everything that has no column of its own. In columns, and with nothing said twice: under some
 * 2,000 bytes PostgreSQL keeps it in the row, which writes it half as dear again.
 */
interface Body {
  readonly r: Omit<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'>;
  readonly s: Omit<CustomerState, 'features'> & { readonly features: Readonly<Record<string, readonly [FeatureReading['value'], number]>> };
  readonly c: ScoresBody;
  readonly a: AnswerBody;
  readonly t: readonly [gather: number, rules: number, score: number, total: number];
}

type ScoresBody =
  | { readonly source: 'model'; readonly modelId: string; readonly packed: string }
  | { readonly source: 'bandit'; readonly posteriorVersion: number; readonly packed: string }
  | { readonly source: 'priority' }
  | { readonly source: 'unavailable' };

interface AnswerBody extends Omit<DecisionAnswer, 'slate' | 'candidates' | 'assignments'> {
  readonly slate: readonly (readonly [itemId: string, position: number, propensity: number])[];
  readonly assignments?: readonly Assignment[] | undefined;
  readonly ids: readonly string[];
  /** Left out where each survivor's score is the scorer's own, as it is without boosts. */
  readonly of?: string | undefined;
  /** Left out where all are 1. */
  readonly boosts?: readonly number[] | undefined;
  readonly shares: string;
  readonly drops: readonly (readonly [index: number, ...of: readonly [stage: Drop['stage'], code: string, reason: string]])[];
}

/**
 * Numbers survive bit for bit, packed or as JSON: JavaScript prints a double as the shortest text that reads back as the same double.
 * What is undefined is left out. Fields are named one by one, since JSON.stringify is slow with objects that were spread from others.
 */
export function encodeBody({ request: { items, context, limit, seed }, state, scores, answer, times }: DecisionRecord): string {
  const features: Record<string, readonly [FeatureReading['value'], number]> = {};
  for (const [name, { value, at }] of Object.entries(state.features)) features[name] = [value, at];
  const { known, source, attributes, segments, withheld, unit } = state;
  const body: Body = {
    r: { items, context, limit, seed },
    s: { known, source, attributes, features, segments, withheld, unit },
    c: packScores(scores),
    a: packAnswer(answer, scores),
    t: [times.gather, times.rules, times.score, times.total],
  };
  return JSON.stringify(body);
}

export function decodeBody(
  columns: Pick<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'> & Pick<DecisionRecord, 'tenantId' | 'snapshotVersion'>,
  text: string,
): DecisionRecord {
  const { r, s, c, a, t } = JSON.parse(text) as Body;
  const { tenantId, snapshotVersion, ...ids } = columns;
  const features: Record<string, FeatureReading> = {};
  for (const [name, [value, at]] of Object.entries(s.features)) features[name] = { value, at };
  const [gather, rules, score, total] = t;
  const scores = unpackScores(c);
  return {
    tenantId,
    snapshotVersion,
    request: { ...ids, ...r },
    state: { ...s, features },
    scores,
    answer: unpackAnswer(a, scores),
    times: { gather, rules, score, total },
  };
}

function packScores(scores: Scores): ScoresBody {
  if (scores.source === 'model') return { source: 'model', modelId: scores.modelId, packed: packDoubles(scores.values) };
  if (scores.source === 'bandit') return { source: 'bandit', posteriorVersion: scores.posteriorVersion, packed: packDoubles(scores.values) };
  return scores;
}

function unpackScores(body: ScoresBody): Scores {
  if (body.source === 'priority' || body.source === 'unavailable') return body;
  const values = unpackDoubles(body.packed).map(value => value ?? Number.NaN);
  return body.source === 'model' ? { source: 'model', modelId: body.modelId, values } : { source: 'bandit', posteriorVersion: body.posteriorVersion, values };
}

function packAnswer(answer: DecisionAnswer, scores: Scores): AnswerBody {
  const { slate, candidates, assignments } = answer;
  const drops: AnswerBody['drops'][number][] = [];
  candidates.forEach(({ dropped }, i) => {
    if (dropped !== null) drops.push([i, dropped.stage, dropped.code, dropped.reason]);
  });
  return {
    selectedItemId: answer.selectedItemId,
    propensity: answer.propensity,
    confidence: answer.confidence,
    explored: answer.explored,
    reasoning: answer.reasoning,
    level: answer.level,
    alternativeItemIds: answer.alternativeItemIds,
    slate: slate.map(({ itemId, position, propensity }) => [itemId, position, propensity]),
    assignments: assignments.length > 0 ? assignments : undefined,
    ids: candidates.map(it => it.itemId),
    of: isRaw(candidates, scores) ? undefined : packDoubles(candidates.map(it => it.score)),
    boosts: candidates.some(it => it.boost !== 1) ? candidates.map(it => it.boost) : undefined,
    shares: packDoubles(candidates.map(it => it.propensity)),
    drops,
  };
}

function unpackAnswer({ slate, assignments, ids, of, boosts, shares, drops, ...rest }: AnswerBody, scores: Scores): DecisionAnswer {
  const dropped = new Map(drops.map(([index, stage, code, reason]) => [index, { stage, code, reason }]));
  const raw = 'values' in scores ? scores.values : [];
  const final = of === undefined ? undefined : unpackDoubles(of);
  const propensities = unpackDoubles(shares);
  let survivor = 0;
  return {
    ...rest,
    slate: slate.map(([itemId, position, propensity]) => ({ itemId, position, propensity })),
    assignments: assignments ?? [],
    candidates: ids.map((itemId, i): CandidateOutcome => {
      const drop = dropped.get(i) ?? null;
      const own = drop === null ? (raw[survivor++] ?? null) : null;
      return { itemId, score: final === undefined ? own : (final[i] ?? null), boost: boosts?.[i] ?? 1, propensity: propensities[i] ?? null, dropped: drop };
    }),
  };
}

/** Whether the candidates' scores are the scorer's values to the last digit, in the order of the survivors. */
function isRaw(candidates: readonly CandidateOutcome[], scores: Scores): boolean {
  if (!('values' in scores)) return false;
  let survivor = 0;
  for (const { dropped, score } of candidates) if (dropped === null && score !== scores.values[survivor++]) return false;
  return survivor === scores.values.length;
}
