import type { FeatureValue } from '../customers/online-record.js';
import { durationMs } from '../kernel/duration.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';
import { behaviourKey } from './behaviour.js';
import { leafOf, type Comparison, type Condition, type Operator, type Truth } from './condition.js';
import { afterSortable, presenceTerm, sortable, valueTerm, type TermSource, type TermType } from './customer-document.js';
import { blinded, compileCondition, inTheClear, type Blind } from './evaluate.js';

/** A query as Elasticsearch takes it, for a filter: it has no score. */
export type ElasticQuery = Readonly<Record<string, Json>>;

export interface ElasticReading {
  /** Epoch milliseconds. */
  readonly now: number;
  /** What stands for features that are missing, by their names. */
  readonly defaults: ReadonlyMap<string, FeatureValue>;
  readonly blind?: Blind;
}

/**
 * The Elasticsearch reading of a checked condition over documents of `documentOf`: matches whom it holds for. A query knows no third value, so
 * there are two of each node, whom it holds for and whom it does not; neither matches where the answer is not known.
 */
export function toElastic(condition: Condition, reading: ElasticReading): ElasticQuery {
  return queriesOf(condition, reading).holds;
}

interface Queries {
  readonly holds: ElasticQuery;
  readonly fails: ElasticQuery;
}

function queriesOf(condition: Condition, reading: ElasticReading): Queries {
  if ('and' in condition) {
    const parts = condition.and.map(it => queriesOf(it, reading));
    return { holds: all(parts.map(it => it.holds)), fails: any(parts.map(it => it.fails)) };
  }
  if ('or' in condition) {
    const parts = condition.or.map(it => queriesOf(it, reading));
    return { holds: any(parts.map(it => it.holds)), fails: all(parts.map(it => it.fails)) };
  }
  if ('not' in condition) return negated(queriesOf(condition.not, reading));
  if ('inSegment' in condition) return among(everybody, { term: { segments: condition.inSegment } });
  if ('did' in condition) {
    const { atLeast, atMost = Number.MAX_VALUE } = condition.did;
    const count = termsOf('feature', behaviourKey(condition.did));
    return among(count.has('number'), count.range('number', { gte: atLeast, lte: atMost }));
  }
  const [leaf, comparison] = leafOf(condition);
  if (leaf === 'attribute') return comparing(blinded(comparison, reading.blind ?? inTheClear), termsOf(leaf, comparison.name), reading.now);
  if (leaf === 'feature') return withDefault(comparison, reading);
  return constant(compileCondition(condition)(missing(reading.now)));
}

const everybody: ElasticQuery = { match_all: {} };
const nobody: ElasticQuery = { match_none: {} };
const all = (parts: readonly ElasticQuery[]): ElasticQuery => ({ bool: { filter: parts } });
const any = (parts: readonly ElasticQuery[]): ElasticQuery => ({ bool: { should: parts, minimum_should_match: 1 } });
const negated = ({ holds, fails }: Queries): Queries => ({ holds: fails, fails: holds });
/** Of those who have a value that can be compared. */
const among = (known: ElasticQuery, holds: ElasticQuery): Queries => ({ holds, fails: { bool: { filter: [known], must_not: [holds] } } });
const constant = (truth: Truth): Queries => ({ holds: truth === true ? everybody : nobody, fails: truth === false ? everybody : nobody });
const missing = (now: number): Parameters<ReturnType<typeof compileCondition>>[0] =>
  ({ attributes: {}, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now });

function withDefault(comparison: Comparison, { now, defaults }: ElasticReading): Queries {
  const terms = termsOf('feature', comparison.name);
  const held = comparing(comparison, terms, now);
  const standIn = defaults.get(comparison.name);
  if (standIn === undefined) return held;
  const truth = compileCondition({ feature: comparison })({ ...missing(now), features: { [comparison.name]: standIn } });
  if (comparison.operator === 'exists') return constant(truth);
  const without: ElasticQuery = { bool: { must_not: [terms.has('text', 'number', 'boolean', 'list')] } };
  return { holds: truth === true ? any([held.holds, without]) : held.holds, fails: truth === false ? any([held.fails, without]) : held.fails };
}

/** Queries for what is held under one name. */
interface Terms {
  readonly has: (...types: readonly TermType[]) => ElasticQuery;
  readonly is: (types: readonly TermType[], values: readonly string[]) => ElasticQuery;
  readonly range: (type: 'number' | 'time', bounds: Bounds) => ElasticQuery;
  readonly startsWith: (text: string) => ElasticQuery;
  readonly contains: (text: string) => ElasticQuery;
}

interface Bounds {
  readonly gt?: number;
  readonly gte?: number;
  readonly lt?: number;
  readonly lte?: number;
}

function termsOf(source: TermSource, name: string): Terms {
  const term = (type: TermType, value: string): string => valueTerm(source, type, [name, value]);
  return {
    has: (...types) => ({ terms: { terms: types.map(it => presenceTerm(source, it, name)) } }),
    is: (types, values) => ({ terms: { terms: types.flatMap(type => values.map(it => term(type, it))) } }),
    range(type, bounds) {
      const within = Object.fromEntries(Object.entries(bounds as Record<string, number>).map(([bound, value]) => [bound, term(type, sortable(value))]));
      const hasLow = bounds.gt !== undefined || bounds.gte !== undefined;
      const hasHigh = bounds.lt !== undefined || bounds.lte !== undefined;
      return { range: { terms: { ...(!hasLow && { gte: term(type, '') }), ...(!hasHigh && { lt: term(type, afterSortable) }), ...within } } };
    },
    startsWith: text => ({ prefix: { terms: { value: term('text', text) } } }),
    contains: text => ({ wildcard: { terms: { value: `${escaped(term('text', ''))}*${escaped(text)}*` } } }),
  };
}

const escaped = (text: string): string => text.replace(/[\\*?]/g, String.raw`\$&`);

function comparing({ operator, value }: Comparison, terms: Terms, now: number): Queries {
  return readings[operator](terms, value, now);
}

type Reading = (terms: Terms, wanted: Comparison['value'], now: number) => Queries;

const equal: Reading = ({ has, is }, wanted) => among(has(typeOf(wanted)), is([typeOf(wanted)], [textOf(wanted)]));
const existing = ({ has }: Terms): Queries => among(everybody, has('text', 'number', 'boolean', 'list'));
const ranging = ({ has, range }: Terms, bounds: Bounds): Queries => among(has('number'), range('number', bounds));
const timing = ({ has, range }: Terms, bounds: Bounds): Queries => among(has('number', 'time'), any([range('number', bounds), range('time', bounds)]));

const readings: Readonly<Record<Operator, Reading>> = {
  equals: equal,
  notEquals: (...args) => negated(equal(...args)),
  in({ has, is }, wanted) {
    const options = wanted as readonly (string | number)[];
    const types: readonly TermType[] = typeof options[0] === 'number' ? ['number'] : ['text', 'list'];
    return among(has(...types), is(types, options.map(textOf)));
  },
  contains: ({ has, is, contains }, wanted) => among(has('text', 'list'), any([contains(wanted as string), is(['list'], [wanted as string])])),
  startsWith: ({ has, startsWith }, wanted) => among(has('text'), startsWith(wanted as string)),
  exists: (terms, wanted) => (wanted === false ? negated(existing(terms)) : existing(terms)),
  greaterThan: (terms, wanted) => ranging(terms, { gt: wanted as number }),
  lessThan: (terms, wanted) => ranging(terms, { lt: wanted as number }),
  between(terms, wanted) {
    const [gte = Number.NaN, lte = Number.NaN] = wanted as readonly number[];
    return ranging(terms, { gte, lte });
  },
  before: (terms, wanted) => timing(terms, { lt: isoTimeMs(wanted as string) ?? Number.NaN }),
  withinLast: (terms, wanted, now) => timing(terms, { gt: now - durationMs(wanted as string), lte: now }),
};

const typeOf = (value: unknown): TermType => (typeof value === 'string' ? 'text' : typeof value === 'number' ? 'number' : 'boolean');
const textOf = (value: unknown): string => (typeof value === 'number' ? sortable(value) : String(value));
