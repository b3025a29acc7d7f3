import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assign, type AllocationInput } from '../../src/experiments/allocation.js';

const units = Array.from({ length: 40_000 }, (_, i) => `customer-${i}`);
const half: Omit<AllocationInput, 'unitId'> = { seed: 'summer', coverage: 1, weights: [0.5, 0.5], holdout: 0, holdoutSeed: 'home' };
const placeOf = (input: AllocationInput): string => {
  const allocation = assign(input);
  return allocation.kind === 'arm' ? `arm ${allocation.index}` : allocation.kind;
};

function expectShare(count: number, share: number, of = units.length): void {
  expect(Math.abs(count / of - share)).toBeLessThanOrEqual(4 * Math.sqrt((share * (1 - share)) / of));
}

describe('assign', () => {
  it.each<[string, Partial<AllocationInput>, Readonly<Record<string, number>>]>([
    ['halves', {}, { 'arm 0': 0.5, 'arm 1': 0.5 }],
    ['three unlike arms', { seed: 'prices', weights: [0.2, 0.3, 0.5] }, { 'arm 0': 0.2, 'arm 1': 0.3, 'arm 2': 0.5 }],
    ['thirds', { seed: 'thirds', weights: [1 / 3, 1 / 3, 1 / 3] }, { 'arm 0': 1 / 3, 'arm 1': 1 / 3, 'arm 2': 1 / 3 }],
    ['part coverage', { seed: 'banner', coverage: 0.3, weights: [0.4, 0.6] }, { 'arm 0': 0.12, 'arm 1': 0.18, excluded: 0.7 }],
    ['a holdout before all else', { holdout: 0.1, coverage: 0.5 }, { 'arm 0': 0.225, 'arm 1': 0.225, excluded: 0.45, holdout: 0.1 }],
    ['no coverage', { coverage: 0 }, { excluded: 1 }],
    ['an arm without weight', { weights: [0, 1] }, { 'arm 1': 1 }],
  ])('gives %s their shares', (_, input, shares) => {
    const counts = new Map<string, number>();
    for (const unitId of units) {
      const place = placeOf({ ...half, ...input, unitId });
      counts.set(place, (counts.get(place) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(Object.keys(shares).sort());
    for (const [place, share] of Object.entries(shares)) expectShare(counts.get(place) ?? 0, share);
  });

  it.each([
    ['two experiments', 'summer', 'winter'],
    ['experiments of like names', 'test-1', 'test-2'],
  ])('puts units into the arms of %s independently', (_, one, other) => {
    const both = units.filter(unitId => placeOf({ ...half, seed: one, unitId }) === 'arm 1' && placeOf({ ...half, seed: other, weights: [0.8, 0.2], unitId }) === 'arm 1');
    expectShare(both.length, 0.5 * 0.2);
  });

  it('holds units out independently of the arms and of other holdouts', () => {
    const heldOut = (holdoutSeed: string, unitId: string): boolean => placeOf({ ...half, holdout: 0.2, holdoutSeed, unitId }) === 'holdout';
    const held = units.filter(unitId => heldOut('home', unitId));
    expectShare(held.filter(unitId => placeOf({ ...half, unitId }) === 'arm 0').length, 0.5, held.length);
    expectShare(held.filter(unitId => heldOut('basket', unitId)).length, 0.2, held.length);
    expectShare(held.filter(unitId => placeOf({ ...half, seed: 'home', unitId }) === 'arm 0').length, 0.5, held.length);
  });

  it('moves nobody from arm to arm when the coverage grows, and nobody out', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(fc.string(), fc.string(), share, share, (unitId, seed, a, b) => {
        const before = assign({ ...half, unitId, seed, coverage: Math.min(a, b) });
        if (before.kind === 'arm') expect(assign({ ...half, unitId, seed, coverage: Math.max(a, b) })).toEqual(before);
      }),
    );
  });

  it('lets nobody go who was held out when the holdout grows', () => {
    const share = fc.double({ min: 0, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.string(), share, share, (unitId, a, b) => {
        const before = assign({ ...half, unitId, holdout: Math.min(a, b) });
        if (before.kind === 'holdout') expect(assign({ ...half, unitId, holdout: Math.max(a, b) })).toEqual(before);
      }),
    );
  });
});
