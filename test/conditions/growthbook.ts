import type { Comparison, Condition } from '../../src/conditions/condition.js';

type Mongo = Readonly<Record<string, unknown>>;
export type Groups = Readonly<Record<string, readonly unknown[]>>;

class Inexpressible extends Error {}

/** One of GrowthBook's conditions in our language; undefined where our operators have no word for a part of it. */
export function translate(condition: Mongo, groups: Groups): Condition | undefined {
  try {
    return all(Object.entries(condition).map(([key, value]) => field(key, value, groups)));
  } catch (error) {
    if (error instanceof Inexpressible) return undefined;
    throw error;
  }
}

/** Nested objects by dotted names; null is as good as absent. Undefined where a value is none that a customer can have. */
export function flatten(value: Mongo, prefix = ''): Readonly<Record<string, never>> | undefined {
  const flat: Record<string, unknown> = {};
  for (const [key, it] of Object.entries(value)) {
    if (it === null) continue;
    if (typeof it === 'object' && !Array.isArray(it)) {
      const inner = flatten(it as Mongo, `${prefix}${key}.`);
      if (inner === undefined) return undefined;
      Object.assign(flat, inner);
    } else if (Array.isArray(it) && !it.every(text => typeof text === 'string')) {
      return undefined;
    } else {
      flat[prefix + key] = it;
    }
  }
  return flat as Record<string, never>;
}

const parts = (value: unknown, groups: Groups): Condition[] =>
  (value as Mongo[]).map(it => translate(it, groups) ?? give());

function field(key: string, value: unknown, groups: Groups): Condition {
  switch (key) {
    case '$and': return all(parts(value, groups));
    case '$or': return any(parts(value, groups));
    case '$nor': return { not: any(parts(value, groups)) };
    case '$not': return { not: translate(value as Mongo, groups) ?? give() };
    default: return test(key, value, groups);
  }
}

function test(name: string, value: unknown, groups: Groups): Condition {
  if (value === null) return compare(name, 'exists', false);
  if (Array.isArray(value)) return give();
  if (typeof value !== 'object') return compare(name, 'equals', value);
  const operators = Object.entries(value);
  if (operators.length === 0 || !operators.every(([key]) => key.startsWith('$'))) return give();
  return all(operators.map(([operator, operand]) => operation(name, operator, operand, groups)));
}

function operation(name: string, operator: string, operand: unknown, groups: Groups): Condition {
  switch (operator) {
    case '$eq': return compare(name, 'equals', operand);
    case '$ne': return compare(name, 'notEquals', operand);
    case '$in': return compare(name, 'in', operand);
    case '$nin': return { not: compare(name, 'in', operand) };
    case '$gt': return compare(name, 'greaterThan', operand);
    case '$lt': return compare(name, 'lessThan', operand);
    case '$gte': return { not: compare(name, 'lessThan', operand) };
    case '$lte': return { not: compare(name, 'greaterThan', operand) };
    case '$exists': return compare(name, 'exists', operand);
    case '$not': return { not: test(name, operand, groups) };
    case '$all': return all((operand as unknown[]).map(it => compare(name, 'contains', it)));
    case '$elemMatch': return element(name, operand as Mongo);
    case '$regex': return pattern(name, operand as string);
    case '$inGroup': return compare(name, 'in', groups[operand as string]);
    case '$notInGroup': return { not: compare(name, 'in', groups[operand as string]) };
    default: return give();
  }
}

function element(name: string, operand: Mongo): Condition {
  const [operator, ...more] = Object.keys(operand);
  if (more.length > 0) return give();
  if (operator === '$eq') return compare(name, 'contains', operand['$eq']);
  return operator === '$in' ? compare(name, 'in', operand['$in']) : give();
}

/** Plain texts, alternatives of them, and a plain beginning. */
function pattern(name: string, text: string): Condition {
  const alternatives = /^\(([\w ]+(?:\|[\w ]+)*)\)$/.exec(text)?.[1]?.split('|');
  if (alternatives) return any(alternatives.map(it => compare(name, 'contains', it)));
  const beginning = /^\^([\w ]+)$/.exec(text)?.[1];
  return beginning === undefined ? give() : compare(name, 'startsWith', beginning);
}

const compare = (name: string, operator: Comparison['operator'], value: unknown): Condition =>
  ({ attribute: { name, operator, value: value as Comparison['value'] } });
const only = (list: Condition[]): Condition | undefined => (list.length === 1 ? list[0] : undefined);
const all = (list: Condition[]): Condition => only(list) ?? { and: list };
const any = (list: Condition[]): Condition => only(list) ?? { or: list };

function give(): never {
  throw new Inexpressible();
}
