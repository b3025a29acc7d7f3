import type { Comparison, Condition, Operator } from '../../src/conditions/condition.js';
import { isoTimeMs } from '../../src/kernel/iso-time.js';
import type { AggregateSql, SourceColumn } from '../../src/features/aggregate-sql.js';

/** What a source reads: a table of events with `id`, `customer_id`, `type`, `at_ms` (epoch milliseconds) and `properties` (text of a JSON object). */
export interface SparkSource {
  readonly table: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Epoch milliseconds of the first event that matters. */
  readonly start: number;
}

/**
 * Spark's own source of a statement. A property is a VARIANT, which keeps the type that it has in JSON. Numbers are DECIMAL(38, 20), which sums stay
 * exact in; one that this does not hold exactly ends the statement with an error.
 */
export function sparkSource({ columns, types }: Pick<AggregateSql, 'columns' | 'types'>, { table, now, start }: SparkSource): string {
  const selected = [...columns].map(([name, column]) => `, ${columnSql(column)} AS ${name}`).join('');
  const ofTypes = types === undefined ? '' : ` AND type IN (${types.map(text).join(', ')})`;
  return `
    SELECT customer_id, id, ${now} - at_ms AS age_ms${selected}
    FROM (SELECT customer_id, id, at_ms, type, from_json(properties, 'MAP<STRING, VARIANT>') AS properties FROM ${table} WHERE at_ms >= ${start}${ofTypes}) AS e`;
}

/** A literal that no reader of the statement takes for anything else, whatever is in it. */
const text = (value: unknown): string => `'${String(value).replaceAll(/[^a-z0-9_]/giu, it => String.raw`\U${it.codePointAt(0)?.toString(16).padStart(8, '0')}`)}'`;

const double = (value: unknown): string => `CAST('${Number(value)}' AS DOUBLE)`;
const propertySql = (name: string): string => `e.properties[${text(name)}]`;

function columnSql(column: SourceColumn): string {
  if (column.holds === 'taken') return takenSql(column);
  const it = propertySql(column.property);
  switch (column.holds) {
    case 'number': return byType(it, { number: exactSql(it) });
    case 'json': return byType(it, { [column.type]: `to_json(${it})` });
    case 'scalar': return byType(it, { string: `to_json(${it})`, number: `to_json(${it})`, boolean: `to_json(${it})` });
  }
}

const exactSql = (it: string): string =>
  `CASE WHEN CAST(CAST(${it} AS DECIMAL(38, 20)) AS DOUBLE) = CAST(${it} AS DOUBLE) THEN CAST(${it} AS DECIMAL(38, 20)) ELSE raise_error('A number has more digits than are added up exactly') END`;

function takenSql({ event, since, where }: Extract<SourceColumn, { holds: 'taken' }>): string {
  const parts = [
    ...(event === undefined ? [] : [`type = ${text(event)}`]),
    ...(since === undefined ? [] : [`at_ms >= ${since}`]),
    ...(where === undefined ? [] : [whereSql(where)]),
  ];
  return `(${parts.join(' AND ')})`;
}

function whereSql(where: Condition): string {
  if ('and' in where) return `(${where.and.map(whereSql).join(' AND ')})`;
  if ('or' in where) return `(${where.or.map(whereSql).join(' OR ')})`;
  if ('not' in where) return `(NOT ${whereSql(where.not)})`;
  if (!('property' in where)) throw new Error('A filter reads properties alone');
  const { name, operator, value } = where.property;
  return readings[operator](propertySql(name), value);
}

type JsonType = 'number' | 'string' | 'boolean' | 'array';

const typeTests: Readonly<Record<JsonType, string>> = { string: `= 'STRING'`, boolean: `= 'BOOLEAN'`, array: `LIKE 'ARRAY%'`, number: `RLIKE '^(BIGINT|DECIMAL|DOUBLE|FLOAT)'` };

/** Null for a value of a type that is not named. */
function byType(it: string, sqlOf: Readonly<Partial<Record<string, string>>>): string {
  const whens = Object.entries(typeTests).flatMap(([type, test]) => (sqlOf[type] === undefined ? [] : [`WHEN schema_of_variant(${it}) ${test} THEN ${sqlOf[type]}`]));
  return whens.length === 0 ? 'CAST(NULL AS BOOLEAN)' : `(CASE ${whens.join(' ')} END)`;
}

const textOf = (it: string): string => `CAST(${it} AS STRING)`;
const numberOf = (it: string): string => `CAST(${it} AS DOUBLE)`;
const hasText = (it: string, options: readonly unknown[]): string =>
  `exists(CAST(${it} AS ARRAY<VARIANT>), part -> schema_of_variant(part) = 'STRING' AND CAST(part AS STRING) IN (${options.map(text).join(', ')}))`;

function sameSql(it: string, operator: '=' | '<>', wanted: Comparison['value']): string {
  return byType(it, {
    string: typeof wanted === 'string' ? `${textOf(it)} ${operator} ${text(wanted)}` : undefined,
    number: typeof wanted === 'number' ? `${numberOf(it)} ${operator} ${double(wanted)}` : undefined,
    boolean: typeof wanted === 'boolean' ? `CAST(${it} AS BOOLEAN) ${operator} ${wanted}` : undefined,
  });
}

const readings: Readonly<Record<Operator, (it: string, wanted: Comparison['value']) => string>> = {
  equals: (it, wanted) => sameSql(it, '=', wanted),
  notEquals: (it, wanted) => sameSql(it, '<>', wanted),
  in(it, wanted) {
    const options = wanted as readonly unknown[];
    if (typeof options[0] === 'number') return byType(it, { number: `${numberOf(it)} IN (${options.map(double).join(', ')})` });
    return byType(it, { string: `${textOf(it)} IN (${options.map(text).join(', ')})`, array: hasText(it, options) });
  },
  contains: (it, wanted) => byType(it, { string: `contains(${textOf(it)}, ${text(wanted)})`, array: hasText(it, [wanted]) }),
  startsWith: (it, wanted) => byType(it, { string: `startswith(${textOf(it)}, ${text(wanted)})` }),
  exists: (it, wanted) => `((COALESCE(schema_of_variant(${it}), 'VOID') <> 'VOID') = ${wanted !== false})`,
  greaterThan: (it, wanted) => byType(it, { number: `${numberOf(it)} > ${double(wanted)}` }),
  lessThan: (it, wanted) => byType(it, { number: `${numberOf(it)} < ${double(wanted)}` }),
  between(it, wanted) {
    const [low, high] = wanted as readonly number[];
    return byType(it, { number: `${numberOf(it)} BETWEEN ${double(low)} AND ${double(high)}` });
  },
  before(it, wanted) {
    const time = double(isoTimeMs(String(wanted)));
    return byType(it, { number: `${numberOf(it)} < ${time}`, string: `${timeSql(textOf(it))} < ${time}` });
  },
  withinLast() {
    throw new Error('A filter does not ask for the time');
  },
};

const isoTime = '^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([01][0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9])(?:[.]([0-9]{1,9}))?)?(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))?)?$';

/** Epoch milliseconds of a text in ISO-8601, null for any other. Spark is to run in UTC. */
function timeSql(it: string): string {
  const part = (group: number): string => `COALESCE(try_cast(regexp_extract(${it}, '${isoTime}', ${group}) AS INT), 0)`;
  const time = `unix_millis(try_make_timestamp(${[1, 2, 3, 4, 5, 6].map(part).join(', ')}))`;
  const fraction = `CAST(rpad(regexp_extract(${it}, '${isoTime}', 7), 3, '0') AS INT)`;
  const zone = `(CASE regexp_extract(${it}, '${isoTime}', 8) WHEN '+' THEN 60000 WHEN '-' THEN -60000 ELSE 0 END) * (${part(9)} * 60 + ${part(10)})`;
  return `(CASE WHEN ${it} RLIKE '${isoTime}' THEN ${time} + ${fraction} - ${zone} END)`;
}
