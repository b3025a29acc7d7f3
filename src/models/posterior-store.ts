import type { ArmSums } from './bandit/linear-posterior.js';

export interface PlacementSums {
  readonly placementId: string;
  /** Grows with each update of any arm of the placement. */
  readonly version: number;
  readonly contract: string;
  readonly arms: ReadonlyMap<string, ArmSums>;
}

/** Where posteriors are kept for good. Written by learning/, in its own transaction. */
export interface PosteriorStore {
  /** Of all placements, or of one; one entry for each contract. */
  load(tenantId: string, placementId?: string): Promise<readonly PlacementSums[]>;
}
