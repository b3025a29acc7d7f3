import type { Condition } from '../conditions/condition.js';
import type { ValueType } from '../customers/online-record.js';
import { InvariantViolation } from '../kernel/errors.js';
import { defaultSessionProperty, type Aggregate, type EventFilter } from './feature.js';

/** One value to be counted, under the name that it is kept by. */
export interface Counted {
  readonly name: string;
  readonly valueType: ValueType;
  readonly aggregate: Aggregate;
}

/** Columns of the answer that a value is finished from; see aggregate-values.ts. */
export type Partials =
  | { readonly of: 'count' | 'distinct' | 'sum' | 'recencyDays' | 'min' | 'max' | 'last' | 'first'; readonly column: string }
  | { readonly of: 'mean' | 'ratio' | 'sessionDuration'; readonly sum: string; readonly count: string };

/** JSON types that a property may have and a column take. */
export type JsonType = 'number' | 'string' | 'boolean' | 'array';

/** What a column of the source holds of an event. */
export type SourceColumn =
  /** A boolean, null for "not known": whether a filter takes the event. */
  | { readonly holds: 'taken'; readonly event?: string | undefined; readonly since?: number | undefined; readonly where?: Condition | undefined }
  /** A property as an exact decimal; null where it is no number. */
  | { readonly holds: 'number'; readonly property: string }
  /** A property as the text of its JSON; null where it is of another type. */
  | { readonly holds: 'json'; readonly property: string; readonly type: JsonType }
  /** A text that tells texts, numbers and booleans apart; null where the property is none of them. */
  | { readonly holds: 'scalar'; readonly property: string };

/**
 * A statement that counts in one reading of the log. Each engine gives its own \`source\`: the events that matter, once each, with \`customer_id\`, \`id\`
 * (ordered byte by byte), \`age_ms\` (whole milliseconds to now) and the named columns. The \`body\` says what is counted of them, in one text for PostgreSQL
 * and Spark SQL: a row for each customer with an event that matters, with \`customer_id\`, \`due_in_ms\` and the columns that \`partials\` names.
 */
export interface AggregateSql {
  readonly columns: ReadonlyMap<string, SourceColumn>;
  /** Types of the events that matter; undefined where those of any type do. */
  readonly types: readonly string[] | undefined;
  readonly body: string;
  readonly partials: readonly Partials[];
  /** How far back it reads; undefined: all that there is. */
  readonly longestMs: number | undefined;
  /** Fixed times before which some values count nothing: with windows only, none. */
  readonly earliest: number | undefined;
}

/** As many as PostgreSQL takes well in one statement. */
export const mostAtOnce = 300;

/** @param counted at most `mostAtOnce` */
export function aggregateSql(counted: readonly Counted[]): AggregateSql {
  if (counted.length > mostAtOnce) throw new InvariantViolation('More is counted than one statement can');
  const plan = new Plan();
  const partials = counted.map(it => plan.add(it));
  return { columns: plan.columns, types: eventTypesOf(counted), body: plan.body(), partials, ...reachOf(counted) };
}

function reachOf(counted: readonly Counted[]): Pick<AggregateSql, 'longestMs' | 'earliest'> {
  const windows = counted.map(({ aggregate }) => (aggregate.since === undefined ? aggregate.windowMs : 0));
  const times = counted.flatMap(({ aggregate }) => aggregate.since ?? []);
  const longest = Math.max(0, ...windows);
  return { longestMs: Number.isFinite(longest) ? longest : undefined, earliest: times.length === 0 ? undefined : Math.min(...times) };
}

/** Collects expressions, each once, under short names. */
class Columns {
  readonly #prefix: string;
  readonly #names = new Map<string, string>();

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  add(sql: string): string {
    const name = this.#names.get(sql) ?? `${this.#prefix}${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }

  get list(): readonly string[] {
    return [...this.#names].map(([sql, name]) => `${sql} AS ${name}`);
  }

  get entries(): readonly (readonly [sql: string, name: string])[] {
    return [...this.#names];
  }
}

/** Types of a property's JSON that a column takes. */
const jsonTypes: Readonly<Record<ValueType, JsonType>> = { number: 'number', string: 'string', boolean: 'boolean', strings: 'array' };

class Plan {
  readonly columns = new Map<string, SourceColumn>();
  readonly #columnNames = new Columns('c');
  /** Of the one row per customer, and those that need the order of events. */
  readonly #sums = new Columns('a');
  readonly #picks = new Columns('k');
  readonly #sessions = new Columns('s');
  readonly #due = new Set<string>();

  add({ valueType, aggregate }: Counted): Partials {
    const { function: of } = aggregate;
    const property = propertyOf(aggregate);
    const counts = this.#predicate(aggregate, aggregate);
    switch (of) {
      case 'ratio': return { of, sum: this.#total('COUNT(*)', counts), count: this.#total('COUNT(*)', this.#predicate(aggregate.per, aggregate)) };
      case 'mean': return { of, sum: this.#total(`SUM(${this.#number(property)})`, counts), count: this.#total(`COUNT(${this.#number(property)})`, counts) };
      case 'sessionDuration': return { of, ...this.#session(counts, this.#column({ holds: 'scalar', property })) };
      case 'last': case 'first': return { of, column: this.#pick(of, counts, this.#column({ holds: 'json', property, type: jsonTypes[valueType] })) };
      case 'count': return { of, column: this.#total('COUNT(*)', counts) };
      case 'recencyDays': return { of, column: this.#total('MIN(age_ms)', counts) };
      case 'distinct': return { of, column: this.#total(`COUNT(DISTINCT ${this.#column({ holds: 'scalar', property })})`, counts) };
      case 'sum': case 'min': case 'max': return { of, column: this.#total(`${of.toUpperCase()}(${this.#number(property)})`, counts) };
    }
  }

  body(): string {
    const tables = ['totals', ...(this.#picks.entries.length > 0 ? ['picked'] : []), ...this.#sessions.entries.map(([, name]) => name)];
    const columns = ['totals.*', ...this.#picks.entries.map(([, name]) => `picked.${name}`), ...this.#sessions.entries.flatMap(([, name]) => [`${name}_sum`, `${name}_count`])];
    return `${[this.#totals(), ...this.#ordered(), ...this.#sessions.entries.map(sessionsSql)].join(', ')}
  SELECT ${columns.join(', ')}
  FROM totals${tables.slice(1).map(it => ` LEFT JOIN ${it} ON ${it}.customer_id = totals.customer_id`).join('')}`;
  }

  #totals(): string {
    // An event of a clock that is ahead counts from its own time on.
    const due = ['-MAX(age_ms) FILTER (WHERE age_ms < 0)', ...this.#due];
    return `totals AS (
    SELECT customer_id, ${due.length === 1 ? due[0] ?? '' : `LEAST(${due.join(', ')})`} AS due_in_ms${this.#sums.list.map(it => `,\n      ${it}`).join('')}
    FROM source GROUP BY customer_id
  )`;
  }

  /** One order of each customer's events serves all that is taken from the newest or the oldest of some. */
  #ordered(): readonly string[] {
    const picks = this.#picks.entries.map(([sql, name]) => ({ name, ...pickOf(sql) }));
    if (picks.length === 0) return [];
    const values = [...new Set(picks.map(it => it.value))];
    const places = picks.map(it => `${it.of}(CASE WHEN ${it.takes} THEN place END) OVER (PARTITION BY customer_id) AS ${it.name}`);
    return [
      `ordered AS (
    SELECT source.*, ROW_NUMBER() OVER (PARTITION BY customer_id ORDER BY age_ms DESC, id) AS place
    FROM source WHERE ${picks.map(it => `(${it.takes})`).join(' OR ')}
  )`,
      `placed AS (SELECT customer_id, place, ${[...values, ...places].join(', ')} FROM ordered)`,
      `picked AS (
    SELECT customer_id, ${picks.map(it => `MAX(CASE WHEN place = ${it.name} THEN ${it.value} END) AS ${it.name}`).join(', ')}
    FROM placed GROUP BY customer_id
  )`,
    ];
  }

  /** Whether an event counts: its filter takes it, and it is in the window. */
  #predicate({ event, where }: EventFilter = {}, { windowMs, since }: Aggregate): string {
    const isFiltered = event !== undefined || since !== undefined || where !== undefined;
    const takes = isFiltered ? `${this.#column({ holds: 'taken', event, since, where })} AND ` : '';
    if (since !== undefined || !Number.isFinite(windowMs)) return `${takes}age_ms >= 0`;
    const counts = `${takes}age_ms >= 0 AND age_ms < ${windowMs}`;
    this.#due.add(`${windowMs} - MAX(age_ms) FILTER (WHERE ${counts})`);
    return counts;
  }

  #column(column: SourceColumn): string {
    const name = this.#columnNames.add(JSON.stringify(column));
    this.columns.set(name, column);
    return name;
  }

  #number(property: string): string {
    return this.#column({ holds: 'number', property });
  }

  #total(what: string, counts: string): string {
    return this.#sums.add(`${what} FILTER (WHERE ${counts})`);
  }

  #session(counts: string, session: string): { readonly sum: string; readonly count: string } {
    const name = this.#sessions.add(`${counts} AND ${session} IS NOT NULL GROUP BY customer_id, ${session}`);
    return { sum: `${name}_sum`, count: `${name}_count` };
  }

  #pick(of: 'last' | 'first', counts: string, value: string): string {
    return this.#picks.add(`${of === 'last' ? 'MAX' : 'MIN'}|${value}|${counts} AND ${value} IS NOT NULL`);
  }
}

function pickOf(key: string): { readonly of: string; readonly value: string; readonly takes: string } {
  const [of = '', value = '', takes = ''] = key.split('|');
  return { of, value, takes };
}

function sessionsSql([what, name]: readonly [sql: string, name: string]): string {
  return `${name} AS (
    SELECT customer_id, SUM(length_ms) AS ${name}_sum, COUNT(*) AS ${name}_count
    FROM (SELECT customer_id, MAX(age_ms) - MIN(age_ms) AS length_ms FROM source WHERE ${what}) AS it
    GROUP BY customer_id
  )`;
}

const propertyOf = ({ property = defaultSessionProperty }: Aggregate): string => property;

/** Types of the events that these read; undefined where they read those of any type. */
export function eventTypesOf(counted: readonly Pick<Counted, 'aggregate'>[]): readonly string[] | undefined {
  const filters = counted.flatMap(({ aggregate }) => [aggregate, ...(aggregate.per === undefined ? [] : [aggregate.per])]);
  const types = filters.map(it => it.event);
  return types.includes(undefined) ? undefined : [...new Set(types.filter(it => it !== undefined))].sort();
}
