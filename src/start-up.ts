import path from 'node:path';
import type { Logger } from 'pino';
import { createApp, type App, type Stores } from './app.js';
import { seedDemo, type DemoReport } from './demo/demo.module.js';
import { demoExamples } from './demo/examples.js';
import { InvariantViolation } from './kernel/errors.js';
import { modelArtifacts } from './models/models.module.js';
import type { Config } from './platform/config.js';
import { connectElasticsearch, type Elasticsearch } from './platform/elasticsearch.js';
import { startEmbeddedPostgres } from './platform/embedded-postgres.js';
import { Health, type HealthSource } from './platform/health.js';
import { healthRoutes } from './platform/health.http.js';
import { Lifecycle } from './platform/lifecycle.js';
import { Metrics } from './platform/metrics.js';
import { migrate } from './platform/migrate.js';
import { createPool, createPrisma } from './platform/postgres.js';
import { connectRedis } from './platform/redis.js';
import { schemaOf } from './schema.js';
import { createServer, defaultServerConfig, type Server } from './server.js';

interface Running {
  databaseUrl?: string;
  stores?: Stores;
  app?: App;
  demo?: DemoReport | undefined;
  server?: Server;
  address?: string;
}

/** Starts the server's parts in order, tells where each one runs, and stops them in reverse when the process is asked to end. */
export async function startUp(config: Config, logger: Logger, say: (line: string) => void): Promise<void> {
  const lifecycle = new Lifecycle({ logger, stopTimeoutMs: config.stopGraceMs + 5000 });
  lifecycle.stopOnSignals();
  const run: Running = {};
  const health = new Health();
  const metrics = new Metrics();
  await lifecycle.start([
    database(config, run, logger),
    stores(config, { run, health, logger }),
    features(config, { run, health, metrics, logger }),
    demo(config, run),
    web(config, { run, health, metrics, logger, isRunning: () => lifecycle.state.at === 'running' }),
  ]);
  if (lifecycle.state.at === 'running') for (const line of greeting(config, run, await health.report())) say(line);
}

interface StartPart {
  readonly name: string;
  start(): Promise<void>;
  stop(): Promise<void>;
}

function database(config: Config, run: Running, logger: Logger): StartPart {
  let stop = async (): Promise<void> => undefined;
  return {
    name: 'database',
    async start() {
      if (config.databaseUrl === undefined) {
        const embedded = await startEmbeddedPostgres({ folder: path.join(config.dataFolder, 'postgres') });
        stop = () => embedded.stop();
        run.databaseUrl = embedded.url;
      } else run.databaseUrl = config.databaseUrl;
      const applied = await migrate(run.databaseUrl);
      if (applied.length > 0) logger.info({ migrations: applied }, 'the database has been brought to the present schema');
    },
    stop: () => stop(),
  };
}

/** While it is away PostgreSQL is searched, which is slower. */
function searchHealth(elasticsearch: Elasticsearch | undefined): HealthSource {
  return {
    name: 'segment search',
    runsAs: elasticsearch === undefined ? 'PostgreSQL' : 'Elasticsearch at ELASTICSEARCH_URL',
    check: async () => (elasticsearch === undefined || (await elasticsearch.probe()) ? 'up' : 'degraded'),
  };
}

interface With {
  readonly run: Running;
  readonly logger: Logger;
}

function stores(config: Config, { run, health, logger }: With & { readonly health: Health }): StartPart {
  return {
    name: 'stores',
    async start() {
      const pool = createPool(config, { url: had(run.databaseUrl), onError: error => { logger.warn({ err: error }, 'a connection to the database was lost'); } });
      const redis = config.redisUrl === undefined
        ? undefined
        : await connectRedis(config.redisUrl, error => { logger.warn({ err: error }, 'the connection to Redis was lost; it is tried again'); });
      const elasticsearch = config.elasticsearchUrl === undefined ? undefined : await connectElasticsearch(config.elasticsearchUrl);
      run.stores = { pool, prisma: createPrisma(pool), redis, elasticsearch };
      health.add({
        name: 'database',
        runsAs: config.databaseUrl === undefined ? `embedded PostgreSQL in ${path.join(config.dataFolder, 'postgres')}` : 'PostgreSQL at DATABASE_URL',
        check: async () => {
          await pool.query('SELECT 1');
          return 'up';
        },
      });
      health.add(searchHealth(elasticsearch));
      for (const name of ['online store', 'bus']) {
        health.add({
          name,
          runsAs: redis ? 'Redis at REDIS_URL' : 'in this process',
          check: async () => (redis === undefined || (await redis.probe()) ? 'up' : 'down'),
        });
      }
    },
    async stop() {
      await run.stores?.prisma.$disconnect();
      await run.stores?.elasticsearch?.close();
      await run.stores?.redis?.close();
      await run.stores?.pool.end();
    },
  };
}

function features(config: Config, { run, health, metrics, logger }: With & { readonly health: Health; readonly metrics: Metrics }): StartPart {
  return {
    name: 'features',
    async start() {
      run.app = createApp(config, had(run.stores), metrics, logger);
      const { master, keyring } = run.app.keys;
      await keyring.check();
      health.add({ name: 'master keys', runsAs: master.runsAs, check: async () => 'up' });
    },
    stop: async () => run.app?.close(),
  };
}

/** Makes the demo tenant in an empty database, then reads into memory what each tenant decides by. */
function demo(config: Config, run: Running): StartPart {
  return {
    name: 'tenants',
    async start() {
      const { tenants, open } = had(run.app);
      const { pool } = had(run.stores);
      run.demo = await seedDemo({
        pool,
        dataFolder: config.dataFolder,
        tenants: tenants.tenants,
        keys: tenants.keys,
        mint: tenants.mintBrowserToken,
        definitions: tenants.definitions,
        artifacts: modelArtifacts(pool),
      });
      await Promise.all((await tenants.tenants.list()).map(({ id }) => open(id)));
    },
    stop: async () => undefined,
  };
}

function web(
  config: Config,
  { run, health, metrics, logger, isRunning }: With & { readonly health: Health; readonly metrics: Metrics; readonly isRunning: () => boolean },
): StartPart {
  return {
    name: 'web server',
    async start() {
      const { resolvers, routes, tenants, decisions } = had(run.app);
      health.add({ name: 'models', runsAs: `ONNX Runtime in ${config.modelWorkers} worker threads, small models in place`, check: async () => 'up' });
      health.add({
        name: 'decision log',
        runsAs: 'PostgreSQL, by batches',
        check: async () => (decisions.log.depth * 2 < config.decisionLogCapacity ? 'up' : 'degraded'),
      });
      metrics.watch('attune_decision_log_depth', 'Decisions that wait in memory to be written', () => decisions.log.depth);
      metrics.watch('attune_open_subscriptions', 'Open subscriptions to decisions', () => decisions.feed.size);
      run.server = await createServer({
        schema: await schemaOf(resolvers),
        authenticate: tenants.authenticate,
        logger,
        config: { ...defaultServerConfig, allowedOrigins: config.allowedOrigins, drainMs: config.stopGraceMs },
        routes: [...routes, healthRoutes(health, metrics, isRunning)],
        graphiqlExamples: run.demo ? demoExamples(run.demo.customerId) : [],
      });
      run.address = await run.server.start(config.port, config.host);
    },
    stop: async () => run.server?.stop(),
  };
}

function greeting(config: Config, { address = '', demo: shop }: Running, { parts }: Awaited<ReturnType<Health['report']>>): readonly string[] {
  const width = Math.max(...parts.map(({ name }) => name.length));
  return [
    '',
    `Attune decides at ${address}`,
    '',
    ...parts.map(({ name, runsAs }) => `  ${name.padEnd(width)}  ${runsAs}`),
    '',
    `  GraphiQL  ${address}/graphiql${shop ? `#key=${shop.keys.server}` : ''}`,
    `  health    ${address}/api/v1/health`,
    `  metrics   ${address}/metrics`,
    ...(shop === undefined ? [] : demoLines(address, shop)),
    '',
    `Ctrl-C stops it; the data stays in ${config.dataFolder}.`,
  ];
}

function demoLines(address: string, { keysFile, customerId }: DemoReport): readonly string[] {
  const keys = path.resolve(keysFile);
  return [
    `  keys      ${keys} (admin, server, browser)`,
    '',
    'A decision for a customer of the demo shop:',
    '',
    `curl -s ${address}/graphql -H "Authorization: Bearer $(node -p 'require("${keys}").server')" -H 'Content-Type: application/json' -d '{"query":"{ personalize(customerId: \\"${customerId}\\") { selectedContent { title } alternativeOptions { title } propensity reasoning level } }"}'`,
  ];
}

function had<T>(it: T | undefined): T {
  if (it === undefined) throw new InvariantViolation('The parts were started out of order');
  return it;
}
