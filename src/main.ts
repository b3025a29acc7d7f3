#!/usr/bin/env node
import 'reflect-metadata';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommandLine } from './cli/program.js';
import { InvalidConfig, readClientConfig, readConfig, type Config } from './platform/config.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres.js';
import { createLogger } from './platform/logger.js';
import { migrate } from './platform/migrate.js';
import { startUp } from './start-up.js';

const out = (line: string): void => { process.stdout.write(`${line}\n`); };
const err = (line: string): void => { process.stderr.write(`${line}\n`); };

async function migrateOnly(config: Config): Promise<readonly string[]> {
  if (config.databaseUrl !== undefined) return migrate(config.databaseUrl);
  const embedded = await startEmbeddedPostgres({ folder: path.join(config.dataFolder, 'postgres') });
  try {
    return await migrate(embedded.url);
  } finally {
    await embedded.stop();
  }
}

async function versionOf(): Promise<string> {
  const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  return version;
}

try {
  const status = await runCommandLine(process.argv.slice(2), {
    version: await versionOf(),
    terminal: { out, err, screen: process.stderr.isTTY ? process.stderr : undefined },
    client: readClientConfig(),
    serve: async () => {
      const config = readConfig();
      await startUp(config, createLogger(config), out);
    },
    migrate: () => migrateOnly(readConfig()),
  });
  process.exitCode = status;
} catch (error) {
  if (!(error instanceof InvalidConfig)) throw error;
  err(error.message);
  process.exitCode = 1;
}
