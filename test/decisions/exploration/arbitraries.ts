import fc from 'fast-check';
import type { PolicySpec } from '../../../src/content/placement.js';

export const policySpec: fc.Arbitrary<PolicySpec> = fc.oneof(
  fc.constantFrom<PolicySpec>({ kind: 'uniform' }, { kind: 'greedy' }),
  fc.double({ min: 0, max: 1, noNaN: true }).map((epsilon): PolicySpec => ({ kind: 'epsilonGreedy', epsilon })),
);

/** With equal ones among them. */
export const scoreLists: fc.Arbitrary<Float64Array> = fc
  .array(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom(0, 0.5, 1)), { minLength: 1, maxLength: 50 })
  .map(it => Float64Array.from(it));

/** One of each kind and strength that frequencies are compared for. */
export const policies: readonly PolicySpec[] = [
  { kind: 'uniform' },
  { kind: 'greedy' },
  { kind: 'epsilonGreedy', epsilon: 0 },
  { kind: 'epsilonGreedy', epsilon: 0.1 },
  { kind: 'epsilonGreedy', epsilon: 1 },
];

export const someScores: readonly (readonly number[])[] = [[0.4], [0.2, 0.7], [0.5, 0.5, 0.1], [-3, -2, -1, -4, -2], Array.from({ length: 20 }, (_, i) => ((7 * i) % 20) / 20)];
