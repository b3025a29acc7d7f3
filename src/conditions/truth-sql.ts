import type { FeatureValue } from '../customers/online-record.js';
import { behavioursOf, countedBehaviour, type CountedBehaviour } from './behaviour.js';
import { readsOf, type Condition } from './condition.js';
import type { Blind } from './evaluate.js';
import { toSql, whereSql, type Bind } from './to-sql.js';

export interface TruthQuery {
  readonly tenantId: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** What stands for features that are missing, by their names. */
  readonly defaults: ReadonlyMap<string, FeatureValue>;
  readonly blind?: Blind;
  /** Everybody, where it is absent. */
  readonly customerIds?: readonly string[];
}

/**
 * A statement that gives `id` and `truth`, null for "not known", of a checked condition for each of the tenant's customers. Values and memberships
 * are taken as they are kept; behaviour is counted from the log, so that nothing has to be counted before.
 */
export function truthSql(condition: Condition, { tenantId, now, defaults, blind, customerIds }: TruthQuery): { readonly text: string; readonly values: readonly unknown[] } {
  const values: unknown[] = [tenantId, new Date(now)];
  const bind: Bind = (value, type) => `$${values.push(value)}::${type}`;
  const behaviours = behavioursOf(condition);
  const column = new Map(behaviours.map(({ key }, i) => [key, `coalesce(counted.times${i}, 0)`]));
  const features = [...readsOf(condition).features];
  const truth = toSql(condition, {
    values: {
      attribute: name => `(c.attributes -> ${bind(name, 'text')})`,
      feature: name => {
        const standIn = defaults.get(name);
        const held = `f.held -> ${bind(name, 'text')}`;
        return standIn === undefined ? `(${held})` : `coalesce(${held}, ${bind(JSON.stringify(standIn), 'jsonb')})`;
      },
    },
    count: behaviour => column.get(countedBehaviour(behaviour).key) ?? '0',
    isIn: id => `EXISTS (SELECT FROM segment_members m WHERE m.tenant_id = $1 AND m.segment_id = ${bind(id, 'text')} AND m.customer_id = c.id)`,
    now,
    ...(blind && { blind }),
  }, bind);
  const text = `SELECT c.id, ${truth} AS truth FROM customers c
    ${features.length === 0 ? '' : heldSql(bind(features, 'text[]'))}
    ${behaviours.length === 0 ? '' : countedSql(behaviours, now, bind)}
    WHERE c.tenant_id = $1 AND $2::timestamptz IS NOT NULL${customerIds === undefined ? '' : ` AND c.id = ANY(${bind(customerIds, 'text[]')})`}`;
  return { text, values };
}

const heldSql = (names: string): string => `LEFT JOIN (
  SELECT customer_id, jsonb_object_agg(name, value) AS held FROM customer_features WHERE tenant_id = $1 AND name = ANY(${names}) GROUP BY customer_id
) AS f ON f.customer_id = c.id`;

/** All behaviours in one reading of the log. */
function countedSql(behaviours: readonly CountedBehaviour[], now: number, bind: Bind): string {
  const starts = behaviours.map(({ windowMs, since }) => (windowMs === undefined ? (since ?? Number.NEGATIVE_INFINITY) : now - windowMs));
  const counts = behaviours.map(({ event, where, windowMs }, i) => {
    const start = starts[i] ?? Number.NEGATIVE_INFINITY;
    const parts = [`e.type = ${bind(event, 'text')}`];
    if (start !== Number.NEGATIVE_INFINITY) parts.push(`e.at ${windowMs === undefined ? '>=' : '>'} ${bind(new Date(start), 'timestamptz')}`);
    if (where !== undefined) parts.push(whereSql(where, 'e.properties', bind));
    return `count(*) FILTER (WHERE ${parts.join(' AND ')}) AS times${i}`;
  });
  const earliest = Math.min(...starts);
  return `LEFT JOIN (
    SELECT e.customer_id, ${counts.join(', ')} FROM events e
    WHERE e.tenant_id = $1 AND e.type = ANY(${bind(behaviours.map(it => it.event), 'text[]')}) AND e.at <= $2
      ${earliest === Number.NEGATIVE_INFINITY ? '' : `AND e.at >= ${bind(new Date(earliest), 'timestamptz')}`}
    GROUP BY e.customer_id
  ) AS counted ON counted.customer_id = c.id`;
}
