import { durationMs } from '../kernel/duration.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { leafOf, type Behaviour, type Comparison, type Condition, type Leaf, type Operator } from './condition.js';
import { blinded, inTheClear, type Blind } from './evaluate.js';
import { timeSql } from './time-sql.js';

/** Gives a value its place among the parameters of the statement, with its type in PostgreSQL: `$7::text`. */
export type Bind = (value: unknown, type: 'text' | 'jsonb' | 'numeric' | 'float8' | 'int' | 'timestamptz' | 'text[]' | 'numeric[]') => string;

/** Where a condition's values stand in a statement. What is absent is missing, and not known. */
export interface SqlSources {
  /** SQL of a value as jsonb, by its name; null where it is missing. */
  readonly values: Readonly<Partial<Record<Leaf, (name: string) => string>>>;
  /** SQL of the count of a behaviour. */
  readonly count?: (behaviour: Behaviour) => string;
  /** SQL of whether the customer is in a segment. */
  readonly isIn?: (segmentId: string) => string;
  readonly blind?: Blind;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The PostgreSQL reading of a checked condition: an expression that is true, false, or null for "not known", exactly as in process. */
export function toSql(condition: Condition, sources: SqlSources, bind: Bind): string {
  const part = (it: Condition): string => toSql(it, sources, bind);
  if ('and' in condition) return `(${condition.and.map(part).join(' AND ')})`;
  if ('or' in condition) return `(${condition.or.map(part).join(' OR ')})`;
  if ('not' in condition) return `(NOT ${part(condition.not)})`;
  if ('inSegment' in condition) return sources.isIn?.(condition.inSegment) ?? unknown;
  if ('did' in condition) return oftenSql(condition.did, sources, bind);
  const [leaf, comparison] = leafOf(condition);
  const value = sources.values[leaf]?.(comparison.name) ?? 'NULL::jsonb';
  const { operator, value: wanted } = leaf === 'attribute' ? blinded(comparison, sources.blind ?? inTheClear) : comparison;
  return readings[operator]({ value, now: sources.now, bind }, wanted);
}

/** The same of a `where`, which no time changes: over the properties of an event in a column of jsonb. */
export function whereSql(where: Condition, column: string, bind: Bind): string {
  return toSql(where, { values: { property: name => `(${column} -> ${bind(name, 'text')})` }, now: Number.NaN }, bind);
}

const unknown = 'NULL::boolean';

function oftenSql(behaviour: Behaviour, { count }: SqlSources, bind: Bind): string {
  if (count === undefined) return unknown;
  const { atLeast, atMost } = behaviour;
  const times = count(behaviour);
  return `(${times} >= ${bind(atLeast, 'int')}${atMost === undefined ? '' : ` AND ${times} <= ${bind(atMost, 'int')}`})`;
}

interface Compared {
  /** SQL of the value as jsonb. */
  readonly value: string;
  readonly now: number;
  readonly bind: Bind;
}

type Reading = (compared: Compared, wanted: Comparison['value']) => string;

const json = ({ bind }: Compared, wanted: Comparison['value']): string => bind(JSON.stringify(wanted), 'jsonb');
const text = ({ bind }: Compared, wanted: Comparison['value']): string => bind(wanted, 'text');
const number = ({ bind }: Compared, wanted: unknown): string => bind(wanted, 'numeric');

const readings: Readonly<Record<Operator, Reading>> = {
  equals: (it, wanted) => byType(it.value, { [typeof wanted]: `${it.value} = ${json(it, wanted)}` }),
  notEquals: (it, wanted) => byType(it.value, { [typeof wanted]: `${it.value} <> ${json(it, wanted)}` }),
  in: ({ value, bind }, wanted) => memberSql(wanted as readonly unknown[], value, bind),
  contains: (it, wanted) => byType(it.value, { string: `strpos(${it.value} #>> '{}', ${text(it, wanted)}) > 0`, array: `${it.value} ? ${text(it, wanted)}` }),
  startsWith: (it, wanted) => byType(it.value, { string: `starts_with(${it.value} #>> '{}', ${text(it, wanted)})` }),
  exists: ({ value }, wanted) => `((coalesce(jsonb_typeof(${value}), 'null') <> 'null') = ${wanted === false ? 'false' : 'true'})`,
  greaterThan: (it, wanted) => byType(it.value, { number: `${it.value}::numeric > ${number(it, wanted)}` }),
  lessThan: (it, wanted) => byType(it.value, { number: `${it.value}::numeric < ${number(it, wanted)}` }),
  between(it, wanted) {
    const [low, high] = wanted as readonly number[];
    return byType(it.value, { number: `${it.value}::numeric BETWEEN ${number(it, low)} AND ${number(it, high)}` });
  },
  before: (it, wanted) => ofTime(it.value, time => `${time} < ${number(it, isoTimeMs(wanted as string))}`),
  withinLast(it, wanted) {
    const [from, to] = [number(it, it.now - durationMs(wanted as string)), number(it, it.now)];
    return ofTime(it.value, time => `(SELECT it > ${from} AND it <= ${to} FROM (VALUES (${time})) AS times(it))`);
  },
};

/** A value of a type that is not named is not known. CASE keeps what is only good for one type from being tried on another. */
function byType(value: string, sqlOf: Readonly<Record<string, string>>): string {
  return `(CASE jsonb_typeof(${value}) ${Object.entries(sqlOf).map(([type, sql]) => `WHEN '${type}' THEN ${sql}`).join(' ')} END)`;
}

/** A list of texts is in where one of its texts is. */
function memberSql(options: readonly unknown[], value: string, bind: Bind): string {
  if (typeof options[0] === 'number') return byType(value, { number: `${value}::numeric = ANY(${bind(options, 'numeric[]')})` });
  const texts = bind(options, 'text[]');
  return byType(value, { string: `(${value} #>> '{}') = ANY(${texts})`, array: `${value} ?| ${texts}` });
}

function ofTime(value: string, test: (time: string) => string): string {
  return byType(value, { number: test(`${value}::numeric`), string: test(`${timeSql(`${value} #>> '{}'`)}::numeric`) });
}
