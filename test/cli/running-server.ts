import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Pool } from 'pg';
import { createApp } from '../../src/app.js';
import { seedDemo, type DemoKeys } from '../../src/demo/demo.module.js';
import { modelArtifacts } from '../../src/models/models.module.js';
import { readConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';
import { Metrics } from '../../src/platform/metrics.js';
import { createPrisma } from '../../src/platform/postgres.js';
import { schemaOf } from '../../src/schema.js';
import { createServer, defaultServerConfig } from '../../src/server.js';

export interface RunningServer {
  readonly url: string;
  readonly keys: DemoKeys;
  stop(): Promise<void>;
}

/** The whole server with the demo shop in it, on a free port. */
export async function startDemoServer(pool: Pool): Promise<RunningServer> {
  const dataFolder = await mkdtemp(path.join(tmpdir(), 'attune-server-'));
  const config = readConfig({ ATTUNE_DATA: dataFolder, LOG_LEVEL: 'silent' });
  const logger = createLogger(config);
  const prisma = createPrisma(pool);
  const app = createApp(config, { pool, prisma, redis: undefined }, new Metrics(), logger);
  const { tenants, definitions, keys, mintBrowserToken: mint, authenticate } = app.tenants;
  const report = await seedDemo({ pool, dataFolder, tenants, keys, mint, definitions, artifacts: modelArtifacts(pool) });
  if (report === undefined) throw new Error('The database has another tenant');
  await app.open(report.tenantId);
  const schema = await schemaOf(app.resolvers);
  const server = await createServer({ schema, authenticate, logger, config: defaultServerConfig, routes: app.routes, graphiqlExamples: [] });
  const url = await server.start(0, '127.0.0.1');
  const end = async (): Promise<void> => {
    await server.stop();
    await app.close();
    await prisma.$disconnect();
    await rm(dataFolder, { recursive: true });
  };
  let ended: Promise<void> | undefined;
  return { url, keys: report.keys, stop: () => (ended ??= end()) };
}
