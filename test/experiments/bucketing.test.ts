import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { bucketRanges, chooseVariation, hash, inNamespace, type BucketRange } from '../../src/experiments/bucketing.js';
import { describeWithSharedData } from '../support/shared-data.js';

interface Cases {
  readonly hash: readonly (readonly [seed: string, value: string, version: number, expected: number | null])[];
  readonly getBucketRange: readonly (readonly [name: string, input: readonly [number, number, readonly number[] | null], expected: readonly BucketRange[]])[];
  readonly chooseVariation: readonly (readonly [name: string, bucket: number, ranges: readonly BucketRange[], expected: number])[];
  readonly inNamespace: readonly (readonly [name: string, unitId: string, namespace: readonly [string, number, number], expected: boolean])[];
}

describeWithSharedData("GrowthBook's public cases of bucketing", 'vectors/growthbook/cases.json', file => {
  // Read when a test runs, since the file may not be there.
  const cases = (): Cases => JSON.parse(readFileSync(file, 'utf8')) as Cases;

  it('are 57', () => {
    const { hash: hashes, getBucketRange, chooseVariation: choices, inNamespace: namespaces } = cases();
    expect([hashes.length, getBucketRange.length, choices.length, namespaces.length]).toEqual([15, 13, 13, 16]);
  });

  it('hash all as they say', () => {
    for (const [seed, value, version, expected] of cases().hash) expect([seed, value, version, hash(seed, value, version)]).toEqual([seed, value, version, expected]);
  });

  it('have the ranges that they say', () => {
    for (const [name, [variations, coverage, weights], expected] of cases().getBucketRange) {
      const ranges = bucketRanges(variations, coverage, weights);
      expect([name, ranges.length]).toEqual([name, expected.length]);
      expected.flat().forEach((it, i) => {
        expect(ranges.flat()[i]).toBeCloseTo(it, 12);
      });
    }
  });

  it('choose the variations that they say', () => {
    for (const [name, bucket, ranges, expected] of cases().chooseVariation) expect([name, chooseVariation(bucket, ranges)]).toEqual([name, expected]);
  });

  it('are in the namespaces that they say', () => {
    for (const [name, unitId, namespace, expected] of cases().inNamespace) expect([name, inNamespace(unitId, namespace)]).toEqual([name, expected]);
  });
});
