import type { FeatureValue } from '../customers/online-record.js';
import { durationMs } from '../kernel/duration.js';
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
    return facts => facts.segments.has(id);
  }
  const [leaf, comparison] = leafOf(condition);
  const { name } = comparison;
  const values = ({ attribute: 'attributes', feature: 'features', context: 'context', item: 'item' } as const)[leaf];
  if (comparison.operator === 'exists') {
    const wanted = comparison.value !== false;
    return facts => (facts[values][name] !== undefined) === wanted;
  }
  const test = compileTest(comparison);
  return facts => {
    const value = facts[values][name];
    return value === undefined ? undefined : test(value, facts.now);
  };
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
    case 'in': {
      const options = new Set<unknown>(Array.isArray(wanted) ? wanted : []);
      return value => (Array.isArray(value) ? value.some(it => options.has(it)) : options.has(value));
    }
    case 'contains':
      return value => (typeof value === 'string' || Array.isArray(value) ? value.includes(wanted as string) : undefined);
    case 'startsWith': return value => (typeof value === 'string' ? value.startsWith(wanted as string) : undefined);
    case 'greaterThan': return value => (typeof value === 'number' ? value > (wanted as number) : undefined);
    case 'lessThan': return value => (typeof value === 'number' ? value < (wanted as number) : undefined);
    case 'between': {
      const [low = Number.NaN, high = Number.NaN] = wanted as readonly number[];
      return value => (typeof value === 'number' ? value >= low && value <= high : undefined);
    }
    case 'before': {
      const limit = timeOf(wanted as FeatureValue) ?? Number.NaN;
      return value => {
        const time = timeOf(value);
        return time === undefined ? undefined : time < limit;
      };
    }
    case 'withinLast': {
      const span = durationMs(wanted as string);
      return (value, now) => {
        const time = timeOf(value);
        return time === undefined ? undefined : time > now - span && time <= now;
      };
    }
    case 'exists': return () => true;
  }
}

function same(value: FeatureValue, wanted: Comparison['value']): Truth {
  return typeof value === typeof wanted && !Array.isArray(value) ? value === wanted : undefined;
}

const negated = (truth: Truth): Truth => (truth === undefined ? undefined : !truth);

function timeOf(value: FeatureValue): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}
