import type { FeatureValue } from '../customers/online-record.js';
import { durationMs } from '../kernel/duration.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { leafOf, type Comparison, type Condition, type Facts, type Truth } from './condition.js';

export type CompiledCondition = (facts: Facts) => Truth;
type Test = (value: FeatureValue, now: number) => boolean | undefined;

/** Turns a checked condition into a function: the tree is walked once, at publication, and never for a decision. */
export function compileCondition(condition: Condition): CompiledCondition {
  if ('and' in condition) return all(condition.and.map(compileCondition));
  if ('or' in condition) return any(condition.or.map(compileCondition));
  if ('not' in condition) {
    const inner = compileCondition(condition.not);
    return facts => {
      const truth = inner(facts);
      return truth === undefined ? undefined : !truth;
    };
  }
  if ('inSegment' in condition) {
    const id = condition.inSegment;
    return facts => facts.segments?.has(id);
  }
  const [leaf, comparison] = leafOf(condition);
  const read = compileRead(leaf, comparison.name);
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

/** Names that every object inherits, such as `constructor`, need a look at what the facts hold themselves; the others are read directly. */
function compileRead(leaf: ReturnType<typeof leafOf>[0], name: string): (facts: Facts) => FeatureValue | undefined {
  const values = ({ attribute: 'attributes', feature: 'features', context: 'context', item: 'item' } as const)[leaf];
  if (name in {}) return facts => (Object.hasOwn(facts[values], name) ? facts[values][name] : undefined);
  return facts => facts[values][name];
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

function timeOf(value: FeatureValue): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' ? isoTimeMs(value) : undefined;
}
