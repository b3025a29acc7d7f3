import type { FeatureValue, Scalar } from '../customers/online-record.js';
import { durationMs } from '../kernel/duration.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { behaviourKey } from './behaviour.js';
import { leafOf, type Behaviour, type Comparison, type Condition, type Facts, type Leaf, type Truth } from './condition.js';

export type CompiledCondition = (facts: Facts) => Truth;
type Test = (value: FeatureValue, now: number) => boolean | undefined;

/** What an attribute is compared by, where its values are not kept in the clear: the blind index of a value, and the value itself of any other attribute. */
export type Blind = (attribute: string, value: Scalar) => Scalar;
export const inTheClear: Blind = (_attribute, value) => value;

/** Turns a checked condition into a function: the tree is walked once, at publication, and never for a decision. */
export function compileCondition(condition: Condition, blind: Blind = inTheClear): CompiledCondition {
  if ('and' in condition) return all(condition.and.map(it => compileCondition(it, blind)));
  if ('or' in condition) return any(condition.or.map(it => compileCondition(it, blind)));
  if ('not' in condition) {
    const inner = compileCondition(condition.not, blind);
    return facts => {
      const truth = inner(facts);
      return truth === undefined ? undefined : !truth;
    };
  }
  if ('inSegment' in condition) {
    const id = condition.inSegment;
    return facts => facts.segments?.has(id);
  }
  if ('did' in condition) return often(condition.did);
  const [leaf, given] = leafOf(condition);
  const comparison = leaf === 'attribute' ? blinded(given, blind) : given;
  const read = valueIn(leaf, comparison.name);
  if (comparison.operator === 'exists') {
    const wanted = comparison.value !== false;
    return facts => (read(facts) !== undefined) === wanted;
  }
  const test = compileTest(comparison);
  return facts => {
    const value = read(facts);
    return value === undefined ? undefined : test(value, facts.now);
  };
}

const sources = { attribute: 'attributes', feature: 'features', context: 'context', item: 'item' } as const;

/** Reads a named value. Names that every object inherits, such as `constructor`, need a look at what the facts hold themselves. */
export function valueIn(leaf: Leaf, name: string): (facts: Facts) => FeatureValue | undefined {
  if (leaf === 'property') return ({ properties }) => propertyOf(properties, name);
  const values = sources[leaf];
  if (name in {}) return facts => (Object.hasOwn(facts[values], name) ? facts[values][name] : undefined);
  return facts => facts[values][name];
}

/** What is neither a text, a number, a boolean nor a list is compared with nothing, but it exists. */
function propertyOf(properties: Facts['properties'], name: string): FeatureValue | undefined {
  if (properties === undefined || !Object.hasOwn(properties, name)) return undefined;
  return (properties[name] ?? undefined) as FeatureValue | undefined;
}

function often(behaviour: Behaviour): CompiledCondition {
  const key = behaviourKey(behaviour);
  const { atLeast, atMost = Infinity } = behaviour;
  return ({ behaviours }) => {
    const count = behaviours[key];
    return count === undefined ? undefined : count >= atLeast && count <= atMost;
  };
}

/** The comparison as it is made with what is held in the attribute's place. Other operators cannot be used on what is blind; see check.ts. */
export function blinded(comparison: Comparison, blind: Blind): Comparison {
  const { name, operator, value } = comparison;
  if (operator === 'in') return { name, operator, value: (value as readonly Scalar[]).map(it => blind(name, it)) as Comparison['value'] };
  return operator === 'equals' || operator === 'notEquals' ? { name, operator, value: blind(name, value as Scalar) } : comparison;
}

function all(parts: readonly CompiledCondition[]): CompiledCondition {
  return facts => {
    let truth: Truth = true;
    for (const part of parts) {
      const it = part(facts);
      if (it === false) return false;
      if (it === undefined) truth = undefined;
    }
    return truth;
  };
}

function any(parts: readonly CompiledCondition[]): CompiledCondition {
  return facts => {
    let truth: Truth = false;
    for (const part of parts) {
      const it = part(facts);
      if (it === true) return true;
      if (it === undefined) truth = undefined;
    }
    return truth;
  };
}

/** A value of another type than the comparison's is "not known", as a missing one is. */
function compileTest({ operator, value: wanted }: Comparison): Test {
  switch (operator) {
    case 'equals': return value => same(value, wanted);
    case 'notEquals': return value => negated(same(value, wanted));
    case 'in': return membership(wanted as readonly unknown[]);
    case 'contains':
      return value => (typeof value === 'string' || Array.isArray(value) ? value.includes(wanted as string) : undefined);
    case 'startsWith': return value => (typeof value === 'string' ? value.startsWith(wanted as string) : undefined);
    case 'greaterThan': return value => (typeof value === 'number' ? value > (wanted as number) : undefined);
    case 'lessThan': return value => (typeof value === 'number' ? value < (wanted as number) : undefined);
    case 'between': return interval(wanted as readonly number[]);
    case 'before': return earlierThan(wanted as string);
    case 'withinLast': return inTheLast(wanted as string);
    case 'exists': return () => true;
  }
}

function interval([low = Number.NaN, high = Number.NaN]: readonly number[]): Test {
  return value => (typeof value === 'number' ? value >= low && value <= high : undefined);
}

function earlierThan(text: string): Test {
  const limit = isoTimeMs(text) ?? Number.NaN;
  return value => {
    const time = timeOf(value);
    return time === undefined ? undefined : time < limit;
  };
}

function inTheLast(duration: string): Test {
  const span = durationMs(duration);
  return (value, now) => {
    const time = timeOf(value);
    return time === undefined ? undefined : time > now - span && time <= now;
  };
}

/** A list is in where one of its texts is. */
function membership(options: readonly unknown[]): Test {
  const type = typeof options[0];
  const set = new Set(options);
  return value => {
    if (Array.isArray(value)) return type === 'string' ? value.some(it => set.has(it)) : undefined;
    return typeof value === type ? set.has(value) : undefined;
  };
}

function same(value: FeatureValue, wanted: Comparison['value']): Truth {
  return typeof value === typeof wanted && !Array.isArray(value) ? value === wanted : undefined;
}

const negated = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

/** Reads a value as a time, in epoch milliseconds; undefined where it is missing, or is none. */
export function timeIn(leaf: Leaf, name: string): (facts: Facts) => number | undefined {
  const read = valueIn(leaf, name);
  return facts => {
    const value = read(facts);
    return value === undefined ? undefined : timeOf(value);
  };
}

function timeOf(value: FeatureValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? isoTimeMs(value) : undefined;
}
