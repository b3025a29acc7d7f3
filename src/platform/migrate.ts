import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { Client } from 'pg';
import { uuidv7 } from '../kernel/ids.js';
import { Conflict } from '../kernel/errors.js';

/** The advisory lock that Prisma takes for the same work. */
const prismaLock = 72_707_369;
const connectTimeoutMs = 10_000;

/** As Prisma creates it, to the letter. */
const bookkeeping = `
  CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
    "id"                  VARCHAR(36) PRIMARY KEY NOT NULL,
    "checksum"            VARCHAR(64) NOT NULL,
    "finished_at"         TIMESTAMPTZ,
    "migration_name"      VARCHAR(255) NOT NULL,
    "logs"                TEXT,
    "rolled_back_at"      TIMESTAMPTZ,
    "started_at"          TIMESTAMPTZ NOT NULL DEFAULT now(),
    "applied_steps_count" INTEGER NOT NULL DEFAULT 0
  )`;

interface Migration {
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly checksum: string;
}

interface Applied {
  readonly migration_name: string;
  readonly checksum: string;
  readonly finished_at: Date | null;
}

export const migrationsFolder = path.join(import.meta.dirname, '../../prisma/migrations');

/**
 * Brings the database to the newest schema: runs each `<folder>/<name>/migration.sql` that it has not seen, in the order of their names, each in a
 * transaction of its own, without a limit of time. Processes that start together wait for each other. The records are Prisma's own, so that its command line agrees.
 *
 * @returns names of the migrations that were applied now
 * @throws Conflict where the database has a migration that differs from the file, that there is no file for, or that has failed half way
 */
export async function migrate(databaseUrl: string, folder = migrationsFolder): Promise<readonly string[]> {
  const migrations = await readMigrations(folder);
  const client = new Client({ connectionString: databaseUrl, application_name: 'attune migrate', connectionTimeoutMillis: connectTimeoutMs });
  // A connection that is lost also fails the statement that is under way.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [prismaLock]);
    await client.query(bookkeeping);
    const { rows } = await client.query<Applied>('SELECT migration_name, checksum, finished_at FROM "_prisma_migrations" WHERE rolled_back_at IS NULL');
    const missing = stillToApply(migrations, rows);
    for (const migration of missing) await apply(client, migration);
    return missing.map(it => it.name);
  } finally {
    // Ends the session, and with it the lock.
    await client.end();
  }
}

async function readMigrations(folder: string): Promise<readonly Migration[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter(it => it.isDirectory()).map(it => it.name).sort();
  return Promise.all(
    names.map(async name => {
      const file = await readFile(path.join(folder, name, 'migration.sql'));
      return { name, sql: file.toString('utf8'), checksum: createHash('sha256').update(file).digest('hex') };
    }),
  );
}

function stillToApply(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const known = new Map(migrations.map(it => [it.name, it]));
  for (const { migration_name: name, checksum, finished_at } of applied) {
    const migration = known.get(name);
    if (migration === undefined) throw new Conflict(`The database has the migration ${name}, which this version does not know: it belongs to a newer one`);
    if (finished_at === null) throw new Conflict(`The migration ${name} has failed half way: repair the database, then mark it with \`prisma migrate resolve\``);
    if (migration.checksum !== checksum) throw new Conflict(`The migration ${name} has been changed after it was applied: restore its file, and put the change into a new one`);
  }
  const done = new Set(applied.map(it => it.migration_name));
  return migrations.filter(it => !done.has(it.name));
}

async function apply(client: Client, { name, sql, checksum }: Migration): Promise<void> {
  const startedAt = new Date();
  try {
    await client.query('BEGIN');
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations" (id, checksum, migration_name, started_at, finished_at, applied_steps_count) VALUES ($1, $2, $3, $4, clock_timestamp(), 1)`,
      [uuidv7(startedAt.getTime()), checksum, name, startedAt],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new Error(`The migration ${name} could not be applied: ${String(cause)}`, { cause });
  }
}
