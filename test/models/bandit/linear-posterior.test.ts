import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { meanOf, noTrials, packSums, solve, unpackSums, widthOf, withReward, withTrial, type ArmSums } from '../../../src/models/bandit/linear-posterior.js';

interface Trial {
  readonly x: Float64Array;
  readonly reward: number;
}

const d = 4;
const value = fc.double({ min: -5, max: 5, noNaN: true });
const vector = fc.array(value, { minLength: d, maxLength: d }).map(it => Float64Array.from(it));
const trial: fc.Arbitrary<Trial> = fc.record({ x: vector, reward: value });
const trials = fc.array(trial, { maxLength: 40 });

const learn = (sums: ArmSums, { x, reward }: Trial): ArmSums => withReward(withTrial(sums, x), x, reward);
const sumsOf = (of: readonly Trial[]): ArmSums => of.reduce(learn, noTrials(d));

function expectSame(actual: ArmSums, expected: ArmSums): void {
  expect(actual.trials).toBe(expected.trials);
  for (const key of ['xx', 'xr'] as const) {
    expected[key].forEach((it, i) => {
      expect(Math.abs((actual[key][i] ?? Number.NaN) - it)).toBeLessThanOrEqual(1e-9);
    });
  }
}

describe('the sums of an arm', () => {
  it('are the same in any order, and where all trials come before all rewards', () => {
    const orders = trials.chain(of => fc.tuple(fc.constant(of), fc.shuffledSubarray(of, { minLength: of.length }), fc.shuffledSubarray(of, { minLength: of.length })));
    fc.assert(
      fc.property(orders, ([of, shuffled, again]) => {
        expectSame(sumsOf(shuffled), sumsOf(of));
        const opened = shuffled.reduce((sums, { x }) => withTrial(sums, x), noTrials(d));
        expectSame(again.reduce((sums, { x, reward }) => withReward(sums, x, reward), opened), sumsOf(of));
      }),
    );
  });

  it('are the same where a reward came in parts, was corrected, or was taken back', () => {
    fc.assert(
      fc.property(trials, trial, value, value, (of, { x, reward }, first, other) => {
        const opened = withTrial(sumsOf(of), x);
        const once = withReward(opened, x, reward);
        expectSame(withReward(withReward(opened, x, first), x, reward - first), once);
        expectSame(withReward(withReward(once, x, other), x, -other), once);
        expectSame(withReward(once, x, -reward), opened);
      }),
    );
  });

  it('leave what they were made from as it was', () => {
    const before = sumsOf([{ x: Float64Array.of(1, 2, 3, 4), reward: 1 }]);
    const copy = structuredClone(before);
    learn(before, { x: Float64Array.of(1, 0, 0, 1), reward: 2 });
    expect(before).toEqual(copy);
  });
});

describe('solve', () => {
  it('gives the prior alone before any trial', () => {
    const arm = solve(noTrials(d), 4);
    const x = Float64Array.of(1, 2, 2, 4);
    expect(meanOf(arm, x)).toBe(0);
    expect(widthOf(arm, x)).toBeCloseTo(5 / 2, 14);
  });

  it('agrees with the closed form of ridge regression in one dimension', () => {
    const xs = [1, 2, -1, 0.5];
    const sums = xs.reduce((it, x) => withReward(withTrial(it, Float64Array.of(x)), Float64Array.of(x), 3 * x), noTrials(1));
    const arm = solve(sums, 0.5);
    expect(meanOf(arm, Float64Array.of(2))).toBeCloseTo((2 * 3 * 6.25) / (0.5 + 6.25), 13);
    expect(widthOf(arm, Float64Array.of(2))).toBeCloseTo(2 / Math.sqrt(6.75), 13);
  });

  it('satisfies the normal equations', () => {
    fc.assert(
      fc.property(trials, fc.double({ min: 0.1, max: 10, noNaN: true }), (of, lambda) => {
        const { theta } = solve(sumsOf(of), lambda);
        // The gradient of Σ (r - xᵀθ)² + λ |θ|², halved, which is zero at its minimum.
        const gradient = theta.map(it => lambda * it);
        for (const { x, reward } of of) {
          const residual = reward - x.reduce((sum, it, i) => sum + it * (theta[i] ?? 0), 0);
          x.forEach((it, i) => { gradient[i] = (gradient[i] ?? 0) - residual * it; });
        }
        for (const it of gradient) expect(Math.abs(it)).toBeLessThan(1e-8);
      }),
    );
  });

  it('is never less sure after one more trial', () => {
    fc.assert(
      fc.property(trials, trial, vector, (of, more, x) => {
        const sums = sumsOf(of);
        expect(widthOf(solve(learn(sums, more), 1), x)).toBeLessThanOrEqual(widthOf(solve(sums, 1), x) + 1e-9);
      }),
    );
  });
});

describe('packed sums', () => {
  const packable = fc.integer({ min: 1, max: 6 }).chain(dimensions => {
    const doubles = (length: number) => fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: length, maxLength: length }).map(it => Float64Array.from(it));
    return fc.record({ dimensions: fc.constant(dimensions), trials: fc.maxSafeNat(), xx: doubles(dimensions ** 2), xr: doubles(dimensions) });
  });

  it('come back bit for bit, from anywhere in a buffer', () => {
    fc.assert(
      fc.property(packable, fc.integer({ min: 0, max: 9 }), (sums, offset) => {
        const bytes = packSums(sums);
        const within = new Uint8Array(bytes.length + offset);
        within.set(bytes, offset);
        expect(unpackSums(within.subarray(offset))).toEqual(sums);
      }),
    );
  });

  it('are refused where they are cut short, too long, or of another version', () => {
    const bytes = packSums(sumsOf([{ x: Float64Array.of(1, 2, 3, 4), reward: 1 }]));
    expect(unpackSums(bytes.subarray(0, -1))).toBeUndefined();
    expect(unpackSums(bytes.subarray(0, 7))).toBeUndefined();
    expect(unpackSums(Uint8Array.of(...bytes, 0))).toBeUndefined();
    expect(unpackSums(Uint8Array.of(9, ...bytes.subarray(1)))).toBeUndefined();
    expect(unpackSums(new Uint8Array(0))).toBeUndefined();
  });
});
