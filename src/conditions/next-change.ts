import { durationMs } from '../kernel/duration.js';
import { leafOf, type Comparison, type Condition, type Facts, type Truth } from './condition.js';
import { compileCondition, timeIn, type Blind } from './evaluate.js';

/** Epoch milliseconds after `facts.now`; undefined where time alone changes nothing. */
export type CompiledNextChange = (facts: Facts) => number | undefined;

/** The last time that there is. */
const latestMs = 8.64e15;

const never: CompiledNextChange = () => undefined;

/**
 * When the truth of a condition may next be another one by time alone, all values and counts staying as they are. It stays what it is until then, and
 * at that time it may still. That the count of a behaviour falls is not known here, but to whoever counts.
 */
export function compileNextChange(condition: Condition, blind?: Blind): CompiledNextChange {
  if ('and' in condition) return ofParts(condition.and, false, blind);
  if ('or' in condition) return ofParts(condition.or, true, blind);
  if ('not' in condition) return compileNextChange(condition.not, blind);
  if ('did' in condition || 'inSegment' in condition) return never;
  const [leaf, comparison] = leafOf(condition);
  return comparison.operator === 'withinLast' ? ofWindow(leaf, comparison) : never;
}

/**
 * When a whole of several parts may next change, by when they may. A part with the deciding truth, false for `and`, true for `or`, holds the whole
 * while it lasts: nothing changes before the last of these has.
 */
export function changeOfWhole(parts: readonly { readonly truth: Truth; readonly changesAt: number | undefined }[], deciding: boolean): number | undefined {
  const decided = parts.filter(it => it.truth === deciding);
  const times = (decided.length > 0 ? decided : parts).map(it => it.changesAt ?? Infinity);
  const time = decided.length > 0 ? Math.max(...times) : Math.min(...times);
  return time === Infinity ? undefined : time;
}

function ofParts(parts: readonly Condition[], deciding: boolean, blind: Blind | undefined): CompiledNextChange {
  const compiled = parts.map(it => ({ truth: compileCondition(it, blind), next: compileNextChange(it, blind) }));
  if (compiled.every(it => it.next === never)) return never;
  return facts => changeOfWhole(compiled.map(({ truth, next }) => ({ truth: truth(facts), changesAt: next(facts) })), deciding);
}

function ofWindow(leaf: ReturnType<typeof leafOf>[0], { name, value }: Comparison): CompiledNextChange {
  const read = timeIn(leaf, name);
  const span = durationMs(value as string);
  return facts => {
    const time = read(facts);
    if (time === undefined) return undefined;
    const change = [time, time + span].map(Math.ceil).find(it => it > facts.now);
    return change === undefined || change > latestMs ? undefined : change;
  };
}
