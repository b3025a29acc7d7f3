import type { Pool } from 'pg';
import { InvariantViolation } from '../kernel/errors.js';
import { unpackSums } from './bandit/linear-posterior.js';
import type { PosteriorStore, StoredArm } from './posterior-store.js';

interface Row {
  readonly placement_id: string;
  readonly contract: string;
  readonly arm: string;
  readonly version: string;
  readonly state: Buffer;
}

const allSql = 'SELECT placement_id, contract, arm, version, state FROM posteriors WHERE tenant_id = $1';
const newerSql = `${allSql} AND placement_id = $2 AND version > $3`;

export class PostgresPosteriorStore implements PosteriorStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async load(tenantId: string): Promise<readonly StoredArm[]> {
    return (await this.#pool.query<Row>(allSql, [tenantId])).rows.map(storedArm);
  }

  async loadNewer(tenantId: string, placementId: string, version: number): Promise<readonly StoredArm[]> {
    return (await this.#pool.query<Row>(newerSql, [tenantId, placementId, version])).rows.map(storedArm);
  }
}

function storedArm({ placement_id: placementId, contract, arm, version, state }: Row): StoredArm {
  const sums = unpackSums(state);
  if (sums === undefined) throw new InvariantViolation('The stored sums of an arm cannot be read');
  return { placementId, contract, arm, version: Number(version), sums };
}
