import type { Condition } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import type { Aggregate, EventFilter, FeatureDefinition } from '../../src/features/feature.js';
import type { Json } from '../../src/kernel/json.js';

export interface LoggedEvent {
  readonly id: string;
  readonly type: string;
  readonly at: number;
  readonly properties: Readonly<Record<string, Json>>;
}

const [hourMs, dayMs] = [3_600_000, 86_400_000];

/** What an aggregate gives, written down a second time: over a list of events, each of which may be in it more than once. */
export function expectedValue({ aggregate, valueType }: FeatureDefinition, events: readonly LoggedEvent[], now: number): unknown {
  if (aggregate === undefined) return undefined;
  const property = aggregate.property ?? 'sessionId';
  const counting = (filter: EventFilter): LoggedEvent[] => inWindow(events, filter, aggregate, now);
  const taken = counting(aggregate);
  const values = taken.map(it => it.properties[property]);
  const numbers = values.filter(it => typeof it === 'number');
  const fitting = taken.filter(it => (valueType === 'strings' ? Array.isArray(it.properties[property]) : typeof it.properties[property] === valueType)).map(it => it.properties[property]);
  switch (aggregate.function) {
    case 'count': return taken.length;
    case 'sum': return sumOf(numbers);
    case 'mean': return numbers.length === 0 ? undefined : sumOf(numbers) / numbers.length;
    case 'min': return numbers.length === 0 ? undefined : Math.min(...numbers);
    case 'max': return numbers.length === 0 ? undefined : Math.max(...numbers);
    case 'first': return textsOnly(fitting[0]);
    case 'last': return textsOnly(fitting.at(-1));
    case 'distinct': return new Set(values.filter(it => it !== null && it !== undefined && typeof it !== 'object')).size;
    case 'ratio': {
      const others = counting(aggregate.per ?? {});
      return others.length === 0 ? undefined : taken.length / others.length;
    }
    case 'recencyDays': {
      const age = Math.min(...taken.map(it => now - it.at));
      if (taken.length === 0) return undefined;
      return age < 2 * dayMs ? Math.floor(age / hourMs) / 24 : Math.floor(age / dayMs);
    }
    case 'sessionDuration': return meanSessionSeconds(taken, property);
  }
}

/** Oldest first, of one time by the id, each once. */
function inWindow(events: readonly LoggedEvent[], { event, where }: EventFilter, { windowMs, since }: Aggregate, now: number): LoggedEvent[] {
  const once = new Map(events.map(it => [it.id, it]));
  return [...once.values()]
    .filter(it => (event === undefined || it.type === event) && it.at <= now && (since === undefined ? it.at > now - windowMs : it.at >= since))
    .filter(it => where === undefined || holds(where, it))
    .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1));
}

function holds(where: Condition, { properties }: LoggedEvent): boolean {
  return compileCondition(where)({ attributes: {}, features: {}, context: {}, item: {}, behaviours: {}, segments: undefined, now: 0, properties }) === true;
}

/** In hundredths, which the tests' numbers are whole multiples of. */
const sumOf = (numbers: readonly number[]): number => numbers.reduce((sum, it) => sum + Math.round(it * 100), 0) / 100;

const textsOnly = (value: Json | undefined): Json | undefined => (Array.isArray(value) && value.some(it => typeof it !== 'string') ? undefined : value);

function meanSessionSeconds(events: readonly LoggedEvent[], property: string): number | undefined {
  const sessions = new Map<Json, number[]>();
  for (const { at, properties } of events) {
    const session = properties[property];
    if (session === null || session === undefined || typeof session === 'object') continue;
    sessions.set(session, [...(sessions.get(session) ?? []), at]);
  }
  if (sessions.size === 0) return undefined;
  const lengths = [...sessions.values()].map(times => Math.max(...times) - Math.min(...times));
  return lengths.reduce((a, b) => a + b) / lengths.length / 1000;
}
