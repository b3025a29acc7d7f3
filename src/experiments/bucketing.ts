import { fnv1a32 } from '../kernel/hash.js';

/** Where a unit falls in [0, 1), in steps of 1/10,000, by the second version of GrowthBook's hash (its SDK specification, "hash"). */
export function bucketOf(seed: string, unitId: string): number {
  return (fnv1a32(String(fnv1a32(seed + unitId))) % 10_000) / 10_000;
}
