import fc from 'fast-check';
import { behavioursOf } from '../../src/conditions/behaviour.js';
import type { Comparison, Condition, Facts } from '../../src/conditions/condition.js';
import { compileCondition } from '../../src/conditions/evaluate.js';
import type { FeatureValue, OnlineRecord } from '../../src/customers/online-record.js';
import type { Json } from '../../src/kernel/json.js';

export const now = Date.parse('2026-03-01T12:00:00Z');
const [hour, day] = [3_600_000, 86_400_000];

export interface WorldEvent {
  readonly type: string;
  readonly at: number;
  readonly properties: Readonly<Record<string, Json>>;
}

export interface WorldCustomer {
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly segments: readonly string[];
  readonly events: readonly WorldEvent[];
}

/** What stands for features that are missing. */
export const defaults: ReadonlyMap<string, FeatureValue> = new Map<string, FeatureValue>([['b', 'xy'], ['a.b', 0], ['list', ['x', 'Y']]]);

/** Names that other languages give a meaning to. */
const names = fc.constantFrom('a', 'a', 'b', 'a.b', 'list', '{}:* ü', 'na\'me"\\ $1', '😀', 'constructor');
const texts = fc.oneof(
  fc.constantFrom('x', 'xy', 'y', '', 'X', 'ab*c?', 'a\\b', '%_', '😀', '😀 x', '\u00e9', 'e\u0301', '1', 'true', 'x\ny', '\ufffd', 'x\u{10ffff}', 'x\u{10ffff}\u{10ffff}!', '\ud7ff', '\ud7ff\u{10ffff}', '\ue000', "'; DROP TABLE customers; --"),
  fc.constantFrom(
    '2026-02-28T12:00:00Z', '2026-03-01', '2026-03-01T12:00:00.000Z', '2026-03-01T12:00:00.001Z', '2026-02-29', '2026-02-28T24:00Z', '2026-13-01', '2026-00-10',
    '2024-02-29T23:59:59.999999999+05:30', '2100-02-29', '0000-02-29', '0000-01-01T00:00-23:59', '9999-12-31T23:59:59.9Z', '2026-03-01T13:30+01:30', '2026-03-01T12:00',
    '\u0662\u0660\u0662\u0666-\u0660\u0663-\u0660\u0661', '2026-03-01T11:59:59.99Z', '1969-12-31T23:59:59.999Z', '2026-03-01T12:00:00+24:00', '2026-03-01T12:00:60Z',
  ),
);
const numbers = fc.oneof(
  fc.constantFrom(-1, 0, -0, 1, 1.5, now, now - 1, now + 1, now - day, now - day + 0.5, now - hour),
  fc.constantFrom(Number.MAX_VALUE, -Number.MAX_VALUE, Number.MIN_VALUE, -Number.MIN_VALUE, 0.1 + 0.2, 0.3, 2 ** 53, 2 ** 53 + 2, 2 ** 53 - 1, 1e21, 1e-7, 1.0000000000000002),
);
const lists = fc.array(texts, { maxLength: 4 });
const values = fc.oneof(texts, numbers, fc.boolean(), lists);
const some = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.dictionary(names, of, { maxKeys: 6 });

const times = fc.constantFrom(now, now - 1, now - hour, now - hour + 1, now - day, now - 7 * day, now - 7 * day + 1, now - 30 * day, now + 1, Date.parse('2026-02-28'), Date.parse('2026-02-28') - 1);
const anyJson: fc.Arbitrary<Json> = fc.oneof(values as fc.Arbitrary<Json>, fc.constantFrom<Json>(null, {}, { x: 'x' }, ['x', 1, null], [['x']], [1, 2]));
const events = fc.array(fc.record({ type: fc.constantFrom('purchase', 'login', 'käse'), at: times, properties: some(anyJson) }), { maxLength: 8 });

export const customers: fc.Arbitrary<WorldCustomer> = fc.record({
  attributes: some(values), features: some(values), segments: fc.subarray(['vip', 'new', '{}:*']), events,
});

const full = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { minLength: 1, maxLength: 3 });
const comparing = (operator: Comparison['operator'], value: fc.Arbitrary<Comparison['value']>): fc.Arbitrary<Comparison> => fc.record({ name: names, operator: fc.constant(operator), value });
const operand = texts.filter(it => it !== '');
const lasting: readonly fc.Arbitrary<Comparison>[] = [
  comparing('equals', fc.oneof(texts, numbers, fc.boolean())),
  comparing('notEquals', fc.oneof(texts, numbers, fc.boolean())),
  comparing('in', fc.oneof(full(texts), full(numbers))),
  comparing('contains', fc.oneof(fc.constantFrom('x', 'y', '*', '\\', '😀', '2026'), operand)),
  comparing('startsWith', fc.oneof(fc.constantFrom('x', 'a', '2026-03', '😀', '\ud7ff', 'x\u{10ffff}'), operand)),
  comparing('exists', fc.constantFrom(true, false, undefined)),
  comparing('greaterThan', numbers),
  comparing('lessThan', numbers),
  comparing('between', fc.tuple(numbers, numbers).map(([a, b]) => (a <= b ? [a, b] : [b, a]))),
  comparing('before', fc.constantFrom('2026-03-01', '2026-03-01T13:00:00+01:00', '0000-03-01', '2026-02-28T12:00:00.001Z', '9999-12-31T23:59:59.900Z')),
];
const comparisons = fc.oneof(
  { weight: 5, arbitrary: fc.oneof(...lasting) },
  { weight: 1, arbitrary: comparing('withinLast', fc.constantFrom('P1D', 'P1D', 'PT1H', 'PT0.001S', 'P800000D')) },
);

const tree = (leaves: fc.Arbitrary<Condition>): fc.Arbitrary<Condition> =>
  fc.letrec<{ node: Condition }>(tie => ({
    node: fc.oneof({ depthSize: 'small' }, leaves, full(tie('node')).map(and => ({ and })), full(tie('node')).map(or => ({ or })), tie('node').map(not => ({ not }))),
  })).node;

const didNodes = fc
  .tuple(
    fc.constantFrom('purchase', 'login', 'käse'),
    fc.constantFrom({ atLeast: 1 }, { atLeast: 2 }, { atLeast: 0, atMost: 0 }, { atLeast: 1, atMost: 2 }, { atLeast: 0, atMost: 3 }),
    fc.constantFrom({}, { within: 'P7D' }, { within: 'PT1H' }, { within: 'P90D' }, { since: '2026-02-28T00:00:00.000Z' }),
    fc.option(tree(fc.oneof(...lasting).map(property => ({ property }))), { nil: undefined }),
  )
  .map(([event, bounds, window, where]): Condition => ({ did: { event, ...bounds, ...window, ...(where && { where }) } }));

/** Checked conditions of everything that a segment, a rule or an experiment can ask. */
export const worldConditions: fc.Arbitrary<Condition> = tree(fc.oneof(
  { weight: 4, arbitrary: comparisons.map(attribute => ({ attribute })) },
  { weight: 4, arbitrary: comparisons.map(feature => ({ feature })) },
  { weight: 1, arbitrary: comparisons.map(context => ({ context })) },
  { weight: 3, arbitrary: didNodes },
  { weight: 1, arbitrary: fc.constantFrom('vip', 'new', '{}:*', 'nobody').map(inSegment => ({ inSegment })) },
));

/** How often a customer did what the conditions ask for, counted one event at a time. */
export function countsOf({ events: all }: WorldCustomer, conditions: readonly Condition[]): Readonly<Record<string, number>> {
  return Object.fromEntries(behavioursOf(...conditions).map(({ key, event, where, windowMs, since }) => {
    const holds = where && compileCondition(where);
    const counted = all.filter(({ type, at, properties }) =>
      type === event && at <= now && at > now - (windowMs ?? Infinity) && at >= (since ?? -Infinity)
      && (holds === undefined || holds({ ...nothing, properties }) === true));
    return [key, counted.length];
  }));
}

const nothing: Facts = { attributes: {}, features: {}, context: {}, item: {}, behaviours: {}, segments: new Set(), now };

export function factsOf({ attributes, features, segments }: WorldCustomer, counts: Facts['behaviours']): Facts {
  return { ...nothing, attributes, features: { ...Object.fromEntries(defaults), ...features }, behaviours: counts, segments: new Set(segments) };
}

export function recordOf({ attributes, features, segments }: WorldCustomer, counts: Facts['behaviours']): Pick<OnlineRecord, 'attributes' | 'features' | 'segments'> {
  const readings = Object.entries({ ...features, ...counts }).map(([name, value]) => [name, { value, at: now }] as const);
  return { attributes, features: Object.fromEntries(readings), segments };
}

