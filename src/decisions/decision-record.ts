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
  readonly s: Omit<CustomerState, 'features'> & {
    /** Those that are not numbers. */
    readonly features: Readonly<Record<string, readonly [FeatureReading['value'], number]>>;
    /** Names of those that are, and their values and times in turn. */
    readonly numbers?: readonly [names: readonly string[], packed: string] | undefined;
  };
  readonly c: ScoresBody;
  readonly a: AnswerBody;
  readonly t: string;
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
  /** Left out where each survivor's score is the scorer's own times its boost. */
  readonly of?: string | undefined;
  /** Those that are not 1. */
  readonly boosts?: readonly (readonly [index: number, boost: number])[] | undefined;
  readonly shares: string;
  /** Each with all whom it befell. */
  readonly drops: readonly (readonly [stage: Drop['stage'], code: string, reason: string, indexes: readonly number[]])[];
}

/**
 * Numbers survive bit for bit, packed or as JSON: JavaScript prints a double as the shortest text that reads back as the same double.
 * What is undefined is left out. A `Body` as text, put together by hand where that is twice as quick as JSON.stringify.
 */
export function encodeBody({ request: { items, context, limit, seed }, state, scores, answer, times }: DecisionRecord): string {
  const request = JSON.stringify({ items, context, limit, seed });
  const taken = packDoubles([times.gather, times.rules, times.score, times.total]);
  return `{"r":${request},"s":${stateText(state)},"c":${scoresText(scores)},"a":${answerText(answer, scores)},"t":"${taken}"}`;
}

const mostQuoted = 10_000;
const quotedTexts = new Map<string, string>();

/** As JSON. The same names and ids come with each decision. */
function quoted(text: string): string {
  let it = quotedTexts.get(text);
  if (it === undefined) {
    it = JSON.stringify(text);
    if (quotedTexts.size >= mostQuoted) quotedTexts.clear();
    quotedTexts.set(text, it);
  }
  return it;
}

/** Adding to a text is quicker than to join one. */
function listed(texts: readonly string[]): string {
  let list = '';
  for (const text of texts) list += list === '' ? quoted(text) : `,${quoted(text)}`;
  return `[${list}]`;
}

export function decodeBody(
  columns: Pick<DecisionRequest, 'id' | 'customerId' | 'placementId' | 'decidedAt'> & Pick<DecisionRecord, 'tenantId' | 'snapshotVersion'>,
  text: string,
): DecisionRecord {
  const { r, s, c, a, t } = JSON.parse(text) as Body;
  const { tenantId, snapshotVersion, ...ids } = columns;
  const { known, source, attributes, segments, withheld, unit } = s;
  const [gather, rules, score, total] = numbersOf(t);
  const scores = unpackScores(c);
  return {
    tenantId,
    snapshotVersion,
    request: { ...ids, ...r },
    state: { known, source, attributes, features: unpackFeatures(s), segments, ...(withheld && { withheld }), ...(unit !== undefined && { unit }) },
    scores,
    answer: unpackAnswer(a, scores),
    times: { gather: gather ?? 0, rules: rules ?? 0, score: score ?? 0, total: total ?? 0 },
  };
}

function stateText({ known, source, attributes, features, segments, withheld, unit }: CustomerState): string {
  const others: Record<string, readonly [FeatureReading['value'], number]> = {};
  const names: string[] = [];
  const numbers: number[] = [];
  for (const name in features) {
    const { value, at } = features[name] ?? { value: 0, at: 0 };
    if (typeof value === 'number') {
      names.push(name);
      numbers.push(value, at);
    } else others[name] = [value, at];
  }
  const packed = names.length > 0 ? `,"numbers":[${listed(names)},"${packDoubles(numbers)}"]` : '';
  const rest = `${withheld === undefined ? '' : `,"withheld":${JSON.stringify(withheld)}`}${unit === undefined ? '' : `,"unit":${JSON.stringify(unit)}`}`;
  return `{"known":${known},"source":"${source}","attributes":${JSON.stringify(attributes)},"features":${JSON.stringify(others)}${packed},"segments":${listed(segments)}${rest}}`;
}

function unpackFeatures({ features, numbers: [names, packed] = [[], ''] }: Body['s']): CustomerState['features'] {
  const unpacked: Record<string, FeatureReading> = {};
  for (const [name, [value, at]] of Object.entries(features)) unpacked[name] = { value, at };
  const numbers = numbersOf(packed);
  names.forEach((name, i) => { unpacked[name] = { value: numbers[2 * i] ?? Number.NaN, at: numbers[2 * i + 1] ?? Number.NaN }; });
  return unpacked;
}

const numbersOf = (packed: string): readonly number[] => unpackDoubles(packed).map(value => value ?? Number.NaN);

function scoresText(scores: Scores): string {
  if (scores.source === 'model') return `{"source":"model","modelId":${quoted(scores.modelId)},"packed":"${packDoubles(scores.values)}"}`;
  if (scores.source === 'bandit') return `{"source":"bandit","posteriorVersion":${scores.posteriorVersion},"packed":"${packDoubles(scores.values)}"}`;
  return JSON.stringify(scores);
}

function unpackScores(body: ScoresBody): Scores {
  if (body.source === 'priority' || body.source === 'unavailable') return body;
  const values = numbersOf(body.packed);
  return body.source === 'model' ? { source: 'model', modelId: body.modelId, values } : { source: 'bandit', posteriorVersion: body.posteriorVersion, values };
}

function answerText(answer: DecisionAnswer, scores: Scores): string {
  const { selectedItemId, slate, candidates, assignments } = answer;
  const raw = 'values' in scores ? scores.values : undefined;
  const shares: (number | null)[] = [];
  const boosts: (readonly [number, number])[] = [];
  let ids = '';
  const drops: DropsOfOne[] = [];
  let survivor = 0;
  let isOfScorer = raw !== undefined;
  candidates.forEach(({ itemId, propensity, boost, score, dropped }, i) => {
    ids += i === 0 ? quoted(itemId) : `,${quoted(itemId)}`;
    shares.push(propensity);
    if (boost !== 1) boosts.push([i, boost]);
    if (dropped !== null) addDrop(drops, dropped, i);
    else if (score !== (raw?.[survivor++] ?? Number.NaN) * boost) isOfScorer = false;
  });
  const of = isOfScorer && survivor === raw?.length ? '' : `,"of":"${packDoubles(candidates.map(it => it.score))}"`;
  return `{"selectedItemId":${selectedItemId === null ? 'null' : quoted(selectedItemId)},"propensity":${numeral(answer.propensity)},"confidence":${numeral(answer.confidence)}`
    + `,"explored":${answer.explored},"reasoning":${quoted(answer.reasoning)},"level":"${answer.level}","alternativeItemIds":${listed(answer.alternativeItemIds)}`
    + `,"slate":[${slate.map(it => `[${quoted(it.itemId)},${it.position},${numeral(it.propensity)}]`).join(',')}]`
    + `${assignments.length > 0 ? `,"assignments":${JSON.stringify(assignments)}` : ''},"ids":[${ids}]${of}`
    + `${boosts.length > 0 ? `,"boosts":${JSON.stringify(boosts)}` : ''},"shares":"${packDoubles(shares)}"`
    + `,"drops":[${drops.map(({ of: { stage, code, reason }, indexes }) => `["${stage}",${quoted(code)},${quoted(reason)},[${indexes}]]`).join(',')}]}`;
}

interface DropsOfOne {
  readonly of: Drop;
  /** With a comma between. */
  indexes: string;
}

function addDrop(drops: DropsOfOne[], dropped: Drop, index: number): void {
  for (const it of drops) {
    if (it.of.code === dropped.code && it.of.reason === dropped.reason && it.of.stage === dropped.stage) {
      it.indexes += `,${index}`;
      return;
    }
  }
  drops.push({ of: dropped, indexes: String(index) });
}

/** JSON has no other numbers. */
const numeral = (value: number): string => (Number.isFinite(value) ? String(value) : 'null');

function unpackAnswer({ slate, assignments, ids, of, boosts, shares, drops, ...rest }: AnswerBody, scores: Scores): DecisionAnswer {
  const dropped = new Map(drops.flatMap(([stage, code, reason, indexes]) => indexes.map(index => [index, { stage, code, reason }] as const)));
  const boostOf = new Map(boosts);
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
      const boost = boostOf.get(i) ?? 1;
      const own = drop === null ? (raw[survivor++] ?? Number.NaN) * boost : null;
      return { itemId, score: final === undefined ? own : (final[i] ?? null), boost, propensity: propensities[i] ?? null, dropped: drop };
    }),
  };
}
