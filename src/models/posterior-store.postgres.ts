import type { Pool } from 'pg';
import { unpackSums, type ArmSums } from './bandit/linear-posterior.js';
import type { PlacementSums, PosteriorStore } from './posterior-store.js';

interface Row {
  readonly placement_id: string;
  readonly arm: string;
  readonly contract: string;
  readonly version: string;
  readonly state: Buffer;
}

export class PostgresPosteriorStore implements PosteriorStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async load(tenantId: string, placementId?: string): Promise<readonly PlacementSums[]> {
    const { rows } = await this.#pool.query<Row>(
      'SELECT placement_id, arm, contract, version, state FROM posteriors WHERE tenant_id = $1 AND ($2::text IS NULL OR placement_id = $2)',
      [tenantId, placementId ?? null],
    );
    const groups = new Map<string, { placementId: string; contract: string; version: number; arms: Map<string, ArmSums> }>();
    for (const row of rows) {
      const key = JSON.stringify([row.placement_id, row.contract]);
      const group = groups.get(key) ?? { placementId: row.placement_id, contract: row.contract, version: 0, arms: new Map<string, ArmSums>() };
      groups.set(key, group);
      const sums = unpackSums(row.state);
      if (sums !== undefined) group.arms.set(row.arm, sums);
      group.version = Math.max(group.version, Number(row.version));
    }
    return [...groups.values()];
  }
}
