import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolClient } from 'pg';
import { PrismaClient } from '../generated/prisma/client.js';
import { DependencyUnavailable } from '../kernel/errors.js';
import type { Config } from './config.js';

const keepAliveMs = 10_000;
const idleTimeoutMs = 30_000;

export interface PoolOptions {
  readonly url: string;
  /** Of a connection that was idle when it broke. */
  readonly onError: (error: Error) => void;
}

/** The process's one pool. No call waits for ever: neither for a connection, nor for a statement, nor for a server that has fallen silent. */
export function createPool(config: Pick<Config, 'databasePoolSize' | 'databaseTimeoutMs'>, { url, onError }: PoolOptions): Pool {
  const timeoutMs = config.databaseTimeoutMs;
  const pool = new Pool({
    connectionString: url,
    application_name: 'attune',
    max: config.databasePoolSize,
    connectionTimeoutMillis: timeoutMs,
    statement_timeout: timeoutMs,
    query_timeout: timeoutMs + 1000,
    idle_in_transaction_session_timeout: timeoutMs,
    idleTimeoutMillis: idleTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveMs,
  });
  pool.on('error', error => {
    if (!pool.ending) onError(error); // its end does not wait until the server has closed each connection
  });
  return pool;
}

/** Commits what `work` did on its connection, or rolls all of it back where it throws. A connection that has failed is not used again. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(onError);
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

const maxStatements = 500;

/** For everyday reads and writes, on the connections of `pool`, which stays open when it is disconnected. The common statements are prepared, once for a connection. */
export function createPrisma(pool: Pool): PrismaClient {
  const names = new Map<string, string>();
  const statementNameGenerator = ({ sql }: { readonly sql: string }): string => {
    // By their text: another client on the same pool gives another statement another name.
    if (!names.has(sql) && names.size < maxStatements) names.set(sql, `prisma_${createHash('sha256').update(sql).digest('hex').slice(0, 32)}`);
    return names.get(sql) ?? unnamed;
  };
  return new PrismaClient({ adapter: new PrismaPg(pool, { statementNameGenerator }) });
}

const unnamed = '';

/** SQLSTATE classes: connection lost, out of connections, shut down by an operator. */
const lostState = /^(08|53|57P)/;
const lostCode = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);
const lostMessage = /timeout exceeded when trying to connect|Query read timeout|Connection terminated|not queryable|Cannot use a pool after calling end/i;

/** What a caller is told where the database, not the request, is to blame; undefined for any other error. */
export function databaseFailure(error: unknown): DependencyUnavailable | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, message } = error as { readonly code?: unknown; readonly message?: unknown };
  const isLost = (typeof code === 'string' && (lostState.test(code) || lostCode.has(code))) || (typeof message === 'string' && lostMessage.test(message));
  return isLost ? new DependencyUnavailable('The database did not answer.', { cause: error }) : undefined;
}

/** What a statement gives, or `DependencyUnavailable` where it is the database's fault that it gives nothing. */
export async function answered<T>(asked: Promise<T>): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    throw databaseFailure(error) ?? error;
  }
}

/** One name for all who use the same database, whatever they call it, and no other. */
export async function databaseName(pool: Pool): Promise<string> {
  const { rows: [row] } = await pool.query<{ name: string }>(
    `SELECT (SELECT system_identifier FROM pg_control_system()) || '-' || oid AS name FROM pg_database WHERE datname = current_database()`,
  );
  if (row === undefined) throw new DependencyUnavailable('The database does not know itself');
  return row.name;
}
