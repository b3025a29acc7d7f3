import { whereSql, type Bind } from '../conditions/to-sql.js';
import type { AggregateSql, SourceColumn } from './aggregate-sql.js';

/** The source of a statement in PostgreSQL. */
export interface PostgresSource {
  /** @param which condition on the columns of events, besides the tenant, the types and the time; it has to use $2 */
  readonly source: (which: string) => string;
  /** Parameters of the source from $5 on; $1 is the tenant, $2 the customers (for all: null), $3 now, and $4 the start of the longest window, both in epoch milliseconds. */
  readonly values: readonly unknown[];
}

/** The inner select stands apart (OFFSET 0), so that the expressions are planned once, and not again for each day's partition. */
export function postgresSource({ columns, types }: Pick<AggregateSql, 'columns' | 'types'>): PostgresSource {
  const { values, bind } = binding();
  const selected = [...columns].map(([name, column]) => `,\n      ${columnSql(column, bind)} AS ${name}`).join('');
  const ofTypes = types === undefined ? '' : ` AND type = ANY(${bind(types, 'text[]')})`;
  return {
    values,
    source: which => `
    SELECT e.customer_id, e.id COLLATE "C" AS id, $3::bigint - (extract(epoch FROM e.at) * 1000)::bigint AS age_ms${selected}
    FROM (
      SELECT customer_id, id, at, type, properties FROM events
      WHERE tenant_id = $1 AND ${which} AND at >= to_timestamp($4::float8 / 1000)${ofTypes}
      OFFSET 0
    ) AS e`,
  };
}

/** Gives each value one place. */
function binding(): { readonly values: readonly unknown[]; readonly bind: Bind } {
  const values: unknown[] = [];
  const bound = new Map<string, string>();
  return {
    values,
    bind(value, type) {
      const key = `${type} ${JSON.stringify(value)}`;
      const place = bound.get(key) ?? `$${values.push(value) + 4}::${type}`;
      bound.set(key, place);
      return place;
    },
  };
}

function columnSql(column: SourceColumn, bind: Bind): string {
  if (column.holds === 'taken') return takenSql(column, bind);
  const it = `e.properties -> ${bind(column.property, 'text')}`;
  switch (column.holds) {
    case 'number': return `CASE WHEN jsonb_typeof(${it}) = 'number' THEN (${it})::numeric END`;
    case 'json': return `CASE WHEN jsonb_typeof(${it}) = '${column.type}' THEN (${it})::text END`;
    case 'scalar': return `CASE WHEN jsonb_typeof(${it}) IN ('string', 'number', 'boolean') THEN (${it})::text END`;
  }
}

function takenSql({ event, since, where }: Extract<SourceColumn, { holds: 'taken' }>, bind: Bind): string {
  const parts = [
    ...(event === undefined ? [] : [`e.type = ${bind(event, 'text')}`]),
    ...(since === undefined ? [] : [`e.at >= to_timestamp(${bind(since, 'float8')} / 1000)`]),
    ...(where === undefined ? [] : [whereSql(where, 'e.properties', bind)]),
  ];
  return `(${parts.join(' AND ')})`;
}
