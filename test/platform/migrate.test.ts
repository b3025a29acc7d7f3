import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { migrate, migrationsFolder } from '../../src/platform/migrate.js';
import { createPrisma } from '../../src/platform/postgres.js';
import { maintain } from '../support/maintain.js';
import { testDatabase } from '../support/postgres.js';
import { schemaEngine } from './schema-engine.js';

const { url, pool } = await testDatabase();
const schema = readFileSync(path.join(migrationsFolder, '../schema.prisma'), 'utf8');
const filters = { externalTables: [], externalEnums: [] };
const schemaFile = { path: 'schema.prisma', content: schema };

const copies: string[] = [];
function copyOfMigrations(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'attune-migrations-'));
  copies.push(folder);
  cpSync(migrationsFolder, folder, { recursive: true });
  return folder;
}
afterAll(() => {
  for (const folder of copies) rmSync(folder, { recursive: true });
});

async function withEmptyDatabase(work: (emptyUrl: string) => Promise<void>): Promise<void> {
  const name = `t_${randomBytes(8).toString('hex')}`;
  await maintain(url, `CREATE DATABASE ${name}`);
  try {
    await work(Object.assign(new URL(url), { pathname: `/${name}` }).href);
  } finally {
    await maintain(url, `DROP DATABASE ${name} WITH (FORCE)`);
  }
}

function diffOf(engine: SchemaEngine, content: string): ReturnType<SchemaEngine['diff']> {
  return engine.diff({
    from: { tag: 'schemaDatasource', files: [schemaFile], configDir: '.' },
    to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
    script: true,
    exitCode: true,
    filters,
  });
}

describe('the migrations', () => {
  it('lead to what schema.prisma describes', async () => {
    expect(await diffOf(await schemaEngine(pool, schema), schema)).toEqual({ exitCode: 0, stdout: '-- This is an empty migration.\n' });
  });

  it('would be found to differ if a column were missing', async () => {
    const changed = schema.replace(/^model Tenant \{$/m, 'model Tenant {\n  motto String?');
    expect(await diffOf(await schemaEngine(pool, schema), changed)).toMatchObject({ exitCode: 2, stdout: expect.stringContaining('ADD COLUMN     "motto" TEXT') });
  });

  it('are recorded as Prisma records them, so that its command line agrees', async () => {
    const engine = await schemaEngine(pool, schema);
    const migrationDirectories = readdirSync(migrationsFolder, { withFileTypes: true })
      .filter(it => it.isDirectory())
      .map(({ name }) => ({
        path: name,
        migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value: readFileSync(path.join(migrationsFolder, name, 'migration.sql'), 'utf8') } },
      }));
    const lockfile = { path: 'migration_lock.toml', content: readFileSync(path.join(migrationsFolder, 'migration_lock.toml'), 'utf8') };
    const migrationsList = { baseDir: migrationsFolder, lockfile, shadowDbInitScript: '', migrationDirectories };
    const diagnosis = await engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
    expect(diagnosis).toMatchObject({ editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true, history: null });
  });

  it('are enough for the generated client', async () => {
    const prisma = createPrisma(pool);
    const id = randomBytes(8).toString('hex');
    await prisma.tenant.create({ data: { id, name: 'Shop' } });
    expect(await prisma.tenant.findUnique({ where: { id } })).toMatchObject({ name: 'Shop', configVersion: 0n });
  });
});

describe('migrate', () => {
  it('applies each migration once, also when several processes start together', async () => {
    await withEmptyDatabase(async emptyUrl => {
      const applied = await Promise.all([migrate(emptyUrl), migrate(emptyUrl), migrate(emptyUrl)]);
      expect(applied.flat().filter(it => it === '0001_init')).toEqual(['0001_init']);
      expect(await migrate(emptyUrl)).toEqual([]);
    });
  });

  it('refuses a migration that was changed after it was applied', async () => {
    const folder = copyOfMigrations();
    appendFileSync(path.join(folder, '0001_init', 'migration.sql'), '-- later thought\n');
    await expect(migrate(url, folder)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('0001_init has been changed') });
  });

  it('refuses a database that a newer version has migrated', async () => {
    await withEmptyDatabase(async emptyUrl => {
      const newer = copyOfMigrations();
      mkdirSync(path.join(newer, '9999_later'));
      writeFileSync(path.join(newer, '9999_later', 'migration.sql'), 'CREATE TABLE later (id INT)');
      expect(await migrate(emptyUrl, newer)).toContain('9999_later');
      await expect(migrate(emptyUrl)).rejects.toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('9999_later') });
    });
  });

  it('leaves nothing behind of a migration that fails, and applies it when it has been mended', async () => {
    await withEmptyDatabase(async emptyUrl => {
      const folder = copyOfMigrations();
      const file = path.join(folder, '9999_broken', 'migration.sql');
      mkdirSync(path.dirname(file));
      writeFileSync(file, 'CREATE TABLE half (id INT); SELECT nonsense;');
      await expect(migrate(emptyUrl, folder)).rejects.toThrow('9999_broken could not be applied');
      writeFileSync(file, 'CREATE TABLE half (id INT);');
      expect(await migrate(emptyUrl, folder)).toEqual(['9999_broken']);
    });
  });
});
