import { randomBytes } from 'node:crypto';
import { afterAll } from '@jest/globals';
import type { Pool } from 'pg';
import { createPool } from '../../src/platform/postgres.js';
import { maintain } from './maintain.js';

export interface TestDatabase {
  readonly url: string;
  readonly pool: Pool;
}

/** A database of the test file's own with the newest schema and no rows; it goes when the file has ended. Call it once, at the top of the file. */
export async function testDatabase(): Promise<TestDatabase> {
  const template = new URL(process.env['TEST_TEMPLATE_URL'] ?? '');
  const name = `t_${randomBytes(8).toString('hex')}`;
  const url = Object.assign(new URL(template), { pathname: `/${name}` }).href;
  await maintain(template.href, `CREATE DATABASE ${name} TEMPLATE ${template.pathname.slice(1)} STRATEGY FILE_COPY`);
  const pool = createPool({ databasePoolSize: 8, databaseTimeoutMs: 10_000 }, { url, onError: () => undefined });
  afterAll(async () => {
    await pool.end();
    await maintain(template.href, `DROP DATABASE ${name} WITH (FORCE)`);
  });
  return { url, pool };
}
