import type { Pool } from 'pg';
import type { HashIds } from '../../platform/tombstones.js';
import { ImportResolver } from './import.resolver.js';
import { PostgresImportedLogs } from './imported-logs.postgres.js';

export function importModule(pool: Pool, hashing: HashIds): { readonly resolvers: readonly object[] } {
  return { resolvers: [new ImportResolver(new PostgresImportedLogs(pool, hashing))] };
}
