import { describe, expect, it } from '@jest/globals';
import { withEventPurposes } from '../../src/features/event-purposes.js';
import { parseExpression } from '../../src/features/expression.schema.js';
import type { Aggregate } from '../../src/features/feature.js';
import { number } from '../customers/shop.js';

const counting = (event: string | undefined, more: Partial<Aggregate> = {}): { readonly aggregate: Aggregate } => ({ aggregate: { function: 'count', event, windowMs: 3_600_000, ...more } });
const purposes = (...types: readonly [string, readonly string[]][]): Readonly<Record<string, readonly string[] | undefined>> => {
  const features = [
    number('set', { purposes: ['own'] }),
    number('purchases', { purposes: ['own'], ...counting('purchase') }),
    number('share', counting('login', { function: 'ratio', per: { event: 'purchase' } })),
    number('all', counting(undefined)),
    number('derived', { expression: 'set + twice' }),
    number('twice', { expression: 'purchases * 2' }),
  ];
  return Object.fromEntries(withEventPurposes(features, new Map(types), parseExpression).map(it => [it.name, it.purposes]));
};

describe('withEventPurposes', () => {
  it('gives features the purposes of the events that they are computed from, however long the way', () => {
    expect(purposes(['purchase', ['ads', 'mail']], ['page_view', ['web']])).toEqual({
      set: ['own'], purchases: ['ads', 'mail', 'own'], share: ['ads', 'mail'], all: ['ads', 'mail', 'web'], derived: ['ads', 'mail', 'own'], twice: ['ads', 'mail', 'own'],
    });
  });

  it('leaves them as they are where no type of events has any', () => {
    expect(purposes()).toEqual({ set: ['own'], purchases: ['own'], share: undefined, all: undefined, derived: undefined, twice: undefined });
  });
});
