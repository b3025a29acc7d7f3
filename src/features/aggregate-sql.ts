import { whereSql, type Bind } from '../conditions/to-sql.js';
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

/**
 * A statement that counts in one reading of the log. Its `source` is PostgreSQL's own: the events that matter as typed columns, and by each filter
 * whether it takes the event. Its `body` says what is counted of them, in the words that PostgreSQL and Spark SQL understand alike: a row for each customer
 * with an event that matters, with `customer_id`, `due_in_ms` and the columns that `partials` names.
 */
export interface AggregateSql {
  /** @param which condition on the columns of events, besides the tenant, the types and the time; it has to use $2 */
  readonly source: (which: string) => string;
  readonly body: string;
  readonly partials: readonly Partials[];
  /** Parameters of the source from $5 on; $1 is the tenant, $2 the customers (for all: null), $3 now, and $4 the start of the longest window, both in epoch milliseconds. */
  readonly values: readonly unknown[];
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
  return {
    source: plan.source(counted),
    body: plan.body(), partials, values: plan.values, ...reachOf(counted),
  };
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
const jsonTypes: Readonly<Record<ValueType, string>> = { number: 'number', string: 'string', boolean: 'boolean', strings: 'array' };

class Plan {
  readonly values: unknown[] = [];
  readonly #bound = new Map<string, string>();
  /** Of the source, of the one row per customer, and those that need the order of events. */
  readonly #columns = new Columns('c');
  readonly #sums = new Columns('a');
  readonly #picks = new Columns('k');
  readonly #sessions = new Columns('s');
  readonly #due = new Set<string>();

  readonly #bind: Bind = (value, type) => {
    const key = `${type} ${JSON.stringify(value)}`;
    let place = this.#bound.get(key);
    if (place === undefined) {
      this.values.push(value);
      place = `$${this.values.length + 4}::${type}`;
      this.#bound.set(key, place);
    }
    return place;
  };

  add({ valueType, aggregate }: Counted): Partials {
    const { function: of } = aggregate;
    const property = propertyOf(aggregate);
    const counts = this.#predicate(aggregate, aggregate);
    switch (of) {
      case 'ratio': return { of, sum: this.#total('COUNT(*)', counts), count: this.#total('COUNT(*)', this.#predicate(aggregate.per, aggregate)) };
      case 'mean': return { of, sum: this.#total(`SUM(${this.#number(property)})`, counts), count: this.#total(`COUNT(${this.#number(property)})`, counts) };
      case 'sessionDuration': return { of, ...this.#session(counts, this.#scalar(property)) };
      case 'last': case 'first': return { of, column: this.#pick(of, counts, this.#json(property, jsonTypes[valueType])) };
      case 'count': return { of, column: this.#total('COUNT(*)', counts) };
      case 'recencyDays': return { of, column: this.#total('MIN(age_ms)', counts) };
      case 'distinct': return { of, column: this.#total(`COUNT(DISTINCT ${this.#scalar(property)})`, counts) };
      case 'sum': case 'min': case 'max': return { of, column: this.#total(`${of.toUpperCase()}(${this.#number(property)})`, counts) };
    }
  }

  /** The inner select stands apart (OFFSET 0), so that the expressions are planned once, and not again for each day's partition. */
  source(counted: readonly Counted[]): AggregateSql['source'] {
    const types = typesOf(counted);
    const ofTypes = types === undefined ? '' : ` AND type = ANY(${this.#bind(types, 'text[]')})`;
    const columns = this.#columns.list.map(it => `,\n      ${it}`).join('');
    return which => `
    SELECT e.customer_id, e.id COLLATE "C" AS id, $3::bigint - (extract(epoch FROM e.at) * 1000)::bigint AS age_ms${columns}
    FROM (
      SELECT customer_id, id, at, type, properties FROM events
      WHERE tenant_id = $1 AND ${which} AND at >= to_timestamp($4::float8 / 1000)${ofTypes}
      OFFSET 0
    ) AS e`;
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
    const parts = [
      ...(event === undefined ? [] : [`e.type = ${this.#bind(event, 'text')}`]),
      ...(since === undefined ? [] : [`e.at >= to_timestamp(${this.#bind(since, 'float8')} / 1000)`]),
      ...(where === undefined ? [] : [whereSql(where, 'e.properties', this.#bind)]),
    ];
    const takes = parts.length === 0 ? '' : `${this.#columns.add(`(${parts.join(' AND ')})`)} AND `;
    if (since !== undefined || !Number.isFinite(windowMs)) return `${takes}age_ms >= 0`;
    const counts = `${takes}age_ms >= 0 AND age_ms < ${windowMs}`;
    this.#due.add(`${windowMs} - MAX(age_ms) FILTER (WHERE ${counts})`);
    return counts;
  }

  #number(property: string): string {
    const it = `e.properties -> ${this.#bind(property, 'text')}`;
    return this.#columns.add(`CASE WHEN jsonb_typeof(${it}) = 'number' THEN (${it})::numeric END`);
  }

  /** Text of the JSON of a value of one type. */
  #json(property: string, type: string): string {
    const it = `e.properties -> ${this.#bind(property, 'text')}`;
    return this.#columns.add(`CASE WHEN jsonb_typeof(${it}) = '${type}' THEN (${it})::text END`);
  }

  #scalar(property: string): string {
    const it = `e.properties -> ${this.#bind(property, 'text')}`;
    return this.#columns.add(`CASE WHEN jsonb_typeof(${it}) IN ('string', 'number', 'boolean') THEN (${it})::text END`);
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

/** Undefined where events of any type matter. */
function typesOf(counted: readonly Counted[]): readonly string[] | undefined {
  const filters = counted.flatMap(({ aggregate }) => [aggregate, ...(aggregate.per === undefined ? [] : [aggregate.per])]);
  const types = filters.map(it => it.event);
  return types.includes(undefined) ? undefined : [...new Set(types.filter(it => it !== undefined))].sort();
}
