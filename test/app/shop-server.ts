import { randomBytes, randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import { createApp, type App } from '../../src/app.js';
import { items } from '../../src/content/item.schema.js';
import { placements } from '../../src/content/placement.schema.js';
import type { TenantConfiguration } from '../../src/decisions/snapshot/snapshot.js';
import { experiments } from '../../src/experiments/experiment.schema.js';
import { features } from '../../src/features/feature.schema.js';
import { models } from '../../src/models/model.schema.js';
import type { SocketLimits } from '../../src/graphql/sockets.js';
import { Health } from '../../src/platform/health.js';
import { healthRoutes } from '../../src/platform/health.http.js';
import { readConfig } from '../../src/platform/config.js';
import { connectElasticsearch } from '../../src/platform/elasticsearch.js';
import { createLogger } from '../../src/platform/logger.js';
import { Metrics } from '../../src/platform/metrics.js';
import { createPrisma } from '../../src/platform/postgres.js';
import { connectRedis } from '../../src/platform/redis.js';
import { ruleSets } from '../../src/rules/rule-set.schema.js';
import { schemaOf } from '../../src/schema.js';
import { segments } from '../../src/segments/segment.schema.js';
import { createServer, defaultServerConfig } from '../../src/server.js';
import { put } from '../../src/tenants/definition-kind.js';
import { configuration } from '../decisions/shop.js';

export interface Answer {
  readonly status: number;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- read as a client would, untyped
  readonly data: any;
  readonly errors: readonly { readonly message: string; readonly extensions: { readonly code: string } }[] | undefined;
}

export interface ShopServer {
  readonly url: string;
  readonly tenantId: string;
  readonly keys: { readonly admin: string; readonly server: string; browser(customerId: string): Promise<string> };
  readonly app: App;
  query(document: string, variables?: object, key?: string): Promise<Answer>;
  post(path: string, body: unknown, key?: string): Promise<Answer>;
  socket(key?: string): Client;
  stop(): Promise<void>;
}

export interface ShopOptions {
  readonly pool: Pool;
  readonly redisUrl?: string;
  readonly elasticsearchUrl?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** A tenant that another server on the same database has made, with its admin key. */
  readonly of?: Pick<ShopServer, 'tenantId' | 'keys'>;
  readonly sockets?: Partial<SocketLimits>;
}

/** The servers of one test file share a database, and so the key. */
const masterKey = randomBytes(32).toString('base64');

/** The whole server on a free port, with an empty tenant of its own. */
export async function startShop({ pool, redisUrl, elasticsearchUrl, environment, of, sockets }: ShopOptions): Promise<ShopServer> {
  const config = readConfig({ LOG_LEVEL: 'silent', ATTUNE_MASTER_KEY: masterKey, ATTUNE_DECISION_DEADLINE_MS: '2000', ...environment });
  const logger = createLogger(config);
  const prisma = createPrisma(pool);
  const redis = redisUrl === undefined ? undefined : await connectRedis(redisUrl, () => undefined);
  const elasticsearch = elasticsearchUrl === undefined ? undefined : await connectElasticsearch(elasticsearchUrl);
  const metrics = new Metrics();
  const app = createApp(config, { pool, prisma, redis, elasticsearch }, metrics, logger);
  const tenantId = of?.tenantId ?? `shop-${randomUUID()}`;
  const keys = of?.keys ?? (await provision(app, tenantId));
  await app.open(tenantId);
  const server = await createServer({
    schema: await schemaOf(app.resolvers),
    authenticate: app.tenants.authenticate,
    logger,
    config: { ...defaultServerConfig, sockets: { ...defaultServerConfig.sockets, ...sockets } },
    routes: [...app.routes, healthRoutes(new Health(), metrics, () => true)],
    graphiqlExamples: [],
  });
  const url = await server.start(0, '127.0.0.1');
  const post = async (path: string, body: unknown, key = keys.server): Promise<Answer> => {
    const response = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== '' && { authorization: `Bearer ${key}` }) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const answer = (await response.json()) as { data?: unknown; errors?: Answer['errors'] };
    return { status: response.status, data: 'data' in answer || 'errors' in answer ? answer.data : answer, errors: answer.errors };
  };
  return {
    url, tenantId, keys, app, post,
    query: (document, variables = {}, key = keys.admin) => post('/graphql', { query: document, variables }, key),
    socket: (key = keys.server) => socketTo(url, key),
    stop: async () => {
      await server.stop();
      await app.close();
      await prisma.$disconnect();
      await redis?.close();
      await elasticsearch?.close();
    },
  };
}

export function socketTo(url: string, key: string): Client {
  return createClient({ url: `${url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: { authorization: `Bearer ${key}` }, retryAttempts: 0, lazy: true });
}

async function provision({ tenants }: App, tenantId: string): Promise<ShopServer['keys']> {
  const { admin, server } = await tenants.tenants.provision({ id: tenantId, name: 'A shop' });
  return {
    admin: admin.credential ?? '',
    server: server.credential ?? '',
    browser: async customerId => (await tenants.mintBrowserToken(tenantId, customerId, 600)).token,
  };
}

/** Configures the tenant as `more` says, over a small shop. */
export async function furnish({ app, tenantId }: ShopServer, more: Partial<TenantConfiguration> = {}): Promise<void> {
  const it = configuration(more);
  await app.tenants.definitions.change(tenantId, 'test', [
    ...it.features.map(feature => put(features, feature.name, feature)),
    ...it.segments.map(segment => put(segments, segment.id, segment)),
    ...it.items.map(one => put(items, one.id, one)),
    ...it.placements.map(placement => put(placements, placement.id, placement)),
    ...it.ruleSets.map(ruleSet => put(ruleSets, ruleSet.id, ruleSet)),
    ...it.experiments.map(experiment => put(experiments, experiment.id, experiment)),
    ...it.models.map(model => put(models, model.id, model)),
  ]);
}
