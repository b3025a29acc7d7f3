import type { Pool } from 'pg';
import { ImportResolver } from './import.resolver.js';
import { PostgresImportedLogs } from './imported-logs.postgres.js';

export function importModule(pool: Pool): { readonly resolvers: readonly object[] } {
  return { resolvers: [new ImportResolver(new PostgresImportedLogs(pool))] };
}
