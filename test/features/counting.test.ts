import { describe, expect, it } from '@jest/globals';
import type { Counting } from '../../src/events/event.js';
import { countingOf } from '../../src/features/counting.js';
import type { Aggregate } from '../../src/features/feature.js';
import { number } from '../customers/shop.js';

const hour = 3_600_000;
const count = (event: string | undefined, more: Partial<Aggregate> = {}): { readonly aggregate: Aggregate } => ({ aggregate: { function: 'count', event, windowMs: hour, ...more } });
const typesOf = ({ counts }: Counting): readonly string[] => ['purchase', 'login', 'page_view'].filter(counts);

describe('countingOf', () => {
  it('names the types of all events that an aggregate reads', () => {
    const set = number('set');
    expect(typesOf(countingOf(3, [set]))).toEqual([]);
    expect(typesOf(countingOf(3, [set, number('share', count('login', { function: 'ratio', per: { event: 'purchase' } }))]))).toEqual(['purchase', 'login']);
    expect(typesOf(countingOf(3, [number('purchases', count('purchase')), number('all', count(undefined))]))).toEqual(['purchase', 'login', 'page_view']);
    expect(countingOf(3, []).version).toBe(3);
  });

  it('has customers looked at as often as what is computed of them has to be confirmed', () => {
    const set = number('set', { ttlMs: hour });
    expect(countingOf(1, [set]).restMs).toBeUndefined();
    expect(countingOf(1, [set, number('purchases', { ...count('purchase'), ttlMs: 8 * hour }), number('twice', { expression: 'set * 2', ttlMs: 4 * hour })]).restMs).toBe(hour);
  });
});
