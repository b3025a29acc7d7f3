import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { NotFound } from '../kernel/errors.js';
import type { ModelArtifacts } from './model-artifacts.js';

export class PostgresModelArtifacts implements ModelArtifacts {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async put(tenantId: string, bytes: Uint8Array): Promise<string> {
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await this.#pool.query(
      'INSERT INTO model_artifacts (tenant_id, sha256, bytes) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [tenantId, sha256, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)],
    );
    return sha256;
  }

  async get(tenantId: string, sha256: string): Promise<Uint8Array> {
    const { rows } = await this.#pool.query<{ bytes: Buffer }>('SELECT bytes FROM model_artifacts WHERE tenant_id = $1 AND sha256 = $2', [tenantId, sha256]);
    const [row] = rows;
    if (row === undefined) throw new NotFound('There is no such model artifact');
    return row.bytes;
  }
}
