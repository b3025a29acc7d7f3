import { leafOf, type Comparison, type Condition } from '../conditions/condition.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { InvariantViolation } from '../kernel/errors.js';

/** Gives a value its place among the parameters of the statement, with its type in PostgreSQL: `$7::text`. */
export type Bind = (value: unknown, type: string) => string;

/**
 * The PostgreSQL reading of a condition over an event's properties, held as jsonb in `column`: true, false, or null for "not known", exactly
 * as in process.
 */
export function whereSql(condition: Condition, column: string, bind: Bind): string {
  if ('and' in condition) return `(${condition.and.map(it => whereSql(it, column, bind)).join(' AND ')})`;
  if ('or' in condition) return `(${condition.or.map(it => whereSql(it, column, bind)).join(' OR ')})`;
  if ('not' in condition) return `(NOT ${whereSql(condition.not, column, bind)})`;
  if ('inSegment' in condition || 'did' in condition) throw new InvariantViolation('Only properties can be asked of an event');
  const [leaf, comparison] = leafOf(condition);
  if (leaf !== 'property') throw new InvariantViolation('Only properties can be asked of an event');
  return comparisonSql(comparison, `(${column} -> ${bind(comparison.name, 'text')})`, bind);
}

const signs = { equals: '=', notEquals: '<>', greaterThan: '>', lessThan: '<' } as const;

function comparisonSql({ operator, value: wanted }: Comparison, it: string, bind: Bind): string {
  switch (operator) {
    case 'equals': case 'notEquals': return ofType(it, [[typeof wanted, `${it} ${signs[operator]} ${bind(JSON.stringify(wanted), 'jsonb')}`]]);
    case 'in': return memberSql(wanted as readonly unknown[], it, bind);
    case 'contains': return ofType(it, [['string', `strpos(${it} #>> '{}', ${bind(wanted, 'text')}) > 0`], ['array', `${it} ? ${bind(wanted, 'text')}`]]);
    case 'startsWith': return ofType(it, [['string', `starts_with(${it} #>> '{}', ${bind(wanted, 'text')})`]]);
    case 'exists': return `((COALESCE(jsonb_typeof(${it}), 'null') <> 'null') = ${String(wanted !== false)})`;
    case 'greaterThan': case 'lessThan': return ofType(it, [['number', `${it}::numeric ${signs[operator]} ${bind(wanted, 'numeric')}`]]);
    case 'between': return ofType(it, [['number', `${it}::numeric BETWEEN ${(wanted as readonly number[]).map(bound => bind(bound, 'numeric')).join(' AND ')}`]]);
    case 'before': return beforeSql(bind(isoTimeMs(wanted as string), 'numeric'), it);
    case 'withinLast': throw new InvariantViolation('What holds for an event holds for good');
  }
}

const beforeSql = (limit: string, it: string): string =>
  ofType(it, [['number', `${it}::numeric < ${limit}`], ['string', `${timeSql(`${it} #>> '{}'`)} < ${limit}`]]);

/** A value of a type that is not named is not known. CASE keeps what is only good for one type from being tried on another. */
function ofType(it: string, cases: readonly (readonly [type: string, sql: string])[]): string {
  return `(CASE jsonb_typeof(${it}) ${cases.map(([type, sql]) => `WHEN '${type}' THEN ${sql}`).join(' ')} END)`;
}

/** A list of texts is in where one of its texts is. */
function memberSql(options: readonly unknown[], it: string, bind: Bind): string {
  if (typeof options[0] === 'number') return ofType(it, [['number', `${it}::numeric = ANY(${bind(options, 'numeric[]')})`]]);
  const texts = bind(options, 'text[]');
  return ofType(it, [['string', `(${it} #>> '{}') = ANY(${texts})`], ['array', `${it} ?| ${texts}`]]);
}

const isoPattern = String.raw`^[0-9]{4}-[0-9]{2}-[0-9]{2}(T([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9]))?$`;

/** Epoch milliseconds of a text in ISO-8601, null for any other: what `isoTimeMs` takes, and nothing that PostgreSQL would fail at. */
function timeSql(text: string): string {
  const part = (from: number, length: number): string => `substr(${text}, ${from}, ${length})::int`;
  const [year, month, day] = [part(1, 4), part(6, 2), part(9, 2)];
  const days = `(CASE WHEN ${month} = 2 THEN 28 + (${year} % 4 = 0 AND (${year} % 100 <> 0 OR ${year} % 400 = 0))::int WHEN ${month} IN (4, 6, 9, 11) THEN 30 ELSE 31 END)`;
  // The year 0 is a leap year as 2000 is, 730,485 days earlier; PostgreSQL does not know it.
  const shifted = `overlay(${text} placing CASE WHEN ${year} = 0 THEN '2000' ELSE substr(${text}, 1, 4) END from 1 for 4)`;
  const exact = `regexp_replace(${shifted}, '(\\.[0-9]{3})[0-9]+', '\\1')`;
  const time = `(CASE WHEN strpos(${text}, 'T') = 0 THEN ${exact} || 'T00:00Z' ELSE ${exact} END)::timestamptz`;
  const ms = `trunc(extract(epoch FROM ${time}) * 1000) - (CASE WHEN ${year} = 0 THEN 63113904000000 ELSE 0 END)`;
  return `(CASE WHEN ${text} ~ '${isoPattern}' THEN CASE WHEN ${month} BETWEEN 1 AND 12 THEN CASE WHEN ${day} BETWEEN 1 AND ${days} THEN ${ms} END END END)`;
}
