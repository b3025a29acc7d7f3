import fc from 'fast-check';
import type { Condition } from '../../src/conditions/condition.js';
import type { FeatureDefinition } from '../../src/features/feature.js';
import { number } from '../customers/shop.js';
import type { LoggedEvent } from './oracle.js';

const [hourMs, dayMs] = [3_600_000, 86_400_000];

export const property = (name: string, operator: 'equals' | 'greaterThan' | 'exists' | 'in' | 'contains' | 'startsWith' | 'before' | 'notEquals' | 'between' | 'lessThan', value?: string | number | boolean | readonly number[] | readonly string[]): Condition =>
  ({ property: { name, operator, ...(value !== undefined && { value }) } });

export const wheres: readonly (Condition | undefined)[] = [
  undefined,
  property('value', 'greaterThan', 2),
  property('value', 'between', [1, 3]),
  { and: [property('value', 'exists'), { not: property('kind', 'equals', 'a') }] },
  { or: [property('kind', 'in', ['a', 'x"\'y']), property('value', 'in', [1, 2.5])] },
  property('kind', 'contains', 'b'),
  property('kind', 'startsWith', 'x'),
  property('kind', 'before', '2026-02-01T00:00:00Z'),
  property('kind', 'notEquals', 'a'),
  property('value', 'exists', false),
  property('value', 'notEquals', 2.5),
];

type Drawn<A> = A extends fc.Arbitrary<infer T> ? T : never;

export const functions = ['count', 'sum', 'mean', 'min', 'max', 'last', 'first', 'distinct', 'ratio', 'recencyDays', 'sessionDuration'] as const;
export const drawnAggregate = fc.record({
  function: fc.constantFrom(...functions),
  event: fc.constantFrom('purchase', 'page_view', undefined),
  property: fc.constantFrom('value', 'kind'),
  where: fc.constantFrom(...wheres),
  per: fc.record({ event: fc.constantFrom('page_view', undefined), where: fc.constantFrom(...wheres) }),
  windowMs: fc.constantFrom(hourMs, 7 * dayMs, 30 * dayMs),
  valueType: fc.constantFrom('number' as const, 'string' as const, 'boolean' as const, 'strings' as const),
});

export function definitionOf(name: string, { function: of, event, property: named, where, per, windowMs, valueType }: Drawn<typeof drawnAggregate>): FeatureDefinition {
  const takesProperty = !['count', 'ratio', 'recencyDays', 'sessionDuration'].includes(of);
  return {
    ...number(name),
    valueType: of === 'last' || of === 'first' ? valueType : 'number',
    aggregate: {
      function: of, windowMs, ...(event !== undefined && { event }), ...(where !== undefined && { where }), ...(takesProperty && { property: named }), ...(of === 'ratio' && { per }),
    },
  };
}

const kinds = ['a', 'abc', 'x"\'y', '2026-01-15', '2026-03-01T00:00:00+01:00', '2026-02-30', '0000-01-01', '', true, null, 7, ['a', 'b'], ['x', 1], { deep: 1 }] as const;
export const drawnEvents = fc.array(
  fc.record({
    type: fc.constantFrom('purchase', 'page_view', 'login'),
    ageMs: fc.oneof(fc.integer({ min: 0, max: 40 * dayMs }), fc.constantFrom(0, hourMs - 1, hourMs, 7 * dayMs, 30 * dayMs - 1, 30 * dayMs), fc.integer({ min: 0, max: 3 * hourMs })),
    value: fc.option(fc.oneof(fc.integer({ min: -500, max: 500 }).map(it => it / 100), fc.constantFrom(1, 2.5, 3))),
    kind: fc.constantFrom(...kinds),
    session: fc.constantFrom('s1', 's2', 7, null),
  }),
  { maxLength: 12 },
);

/** @param prefix of the ids */
export const logOf = (drawn: Drawn<typeof drawnEvents>, prefix: string, now: number): LoggedEvent[] =>
  drawn.map(({ type, ageMs, value, kind, session }, i) => ({ id: `${prefix}-${i}`, type, at: now - ageMs, properties: { kind, sessionId: session, ...(value !== null && { value }) } }));
