import type { ArmSums } from './bandit/linear-posterior.js';

/** The sums of one arm, made from vectors of one contract, as they are from a version of the placement's posteriors on. */
export interface StoredArm {
  readonly placementId: string;
  readonly contract: string;
  readonly arm: string;
  readonly version: number;
  readonly sums: ArmSums;
}

/** Where posteriors are kept for good. Written by learning/, in its own transaction. */
export interface PosteriorStore {
  /** Of all placements, in any order. */
  load(tenantId: string): Promise<readonly StoredArm[]>;
  /** Of one placement, those that have changed after a version. */
  loadNewer(tenantId: string, placementId: string, version: number): Promise<readonly StoredArm[]>;
}
