import type { Socket } from 'node:net';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { LogController, type FastifyInstance } from 'fastify';
import { GraphQLError, type GraphQLSchema } from 'graphql';
import type { Logger } from 'pino';
import { startedApollo } from './graphql/apollo.js';
import { CompiledExecutor } from './graphql/compiled-executor.js';
import { allowOrigins } from './graphql/cors.js';
import { Documents } from './graphql/documents.js';
import { ErrorFormat } from './graphql/error-format.js';
import type { GraphiqlExample } from './graphql/graphiql-page.js';
import { serveGraphiql } from './graphql/graphiql.js';
import type { ContextOf, HttpRoutes } from './graphql/http-route.js';
import { RepeatedOperations } from './graphql/repeated-operations.js';
import { defaultLimits, type OperationLimits } from './graphql/operation-limits.js';
import { credentialOf, type Authenticate } from './graphql/principal.js';
import { newRequestContext } from './graphql/request-context.js';
import { defaultSocketLimits, GraphQLSockets, type SocketLimits } from './graphql/sockets.js';
import { AppError, DependencyUnavailable, InvalidInput, NotFound } from './kernel/errors.js';
import { uuidv7 } from './kernel/ids.js';

export interface ServerConfig {
  /** Origins of pages, beside its own, that may use this server: https://shop.example, or `*`. */
  readonly allowedOrigins: readonly string[];
  readonly maxBodyBytes: number;
  /** What requests under way have to end, once the server stops. */
  readonly drainMs: number;
  readonly operations: OperationLimits;
  readonly sockets: SocketLimits;
}

export const defaultServerConfig: ServerConfig = {
  allowedOrigins: [],
  maxBodyBytes: 6_000_000, // a model of 4 MiB as base64, and what goes with it
  drainMs: 10_000,
  operations: defaultLimits,
  sockets: defaultSocketLimits,
};

export interface ServerDeps {
  readonly schema: GraphQLSchema;
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly config: ServerConfig;
  readonly routes: readonly HttpRoutes[];
  readonly graphiqlExamples: readonly GraphiqlExample[];
}

export interface Server {
  readonly fastify: FastifyInstance;
  /** Open WebSockets. */
  openSockets(): number;
  /** Listens; answers with the address, as a URL. Port 0 takes a free one. */
  start(port: number, host: string): Promise<string>;
  /** Takes nothing new, closes the sockets, lets what is under way end, and is done when all is closed. */
  stop(): Promise<void>;
}

const graphqlPath = '/graphql';
const maxOperations = 500;
const requestTimeoutMs = 30_000;

export async function createServer({ schema, authenticate, logger, config, routes, graphiqlExamples }: ServerDeps): Promise<Server> {
  const errors = new ErrorFormat(logger);
  const executor = new CompiledExecutor({ schema, errors, maxCost: config.operations.maxCost, maxOperations });
  const repeated = new RepeatedOperations(executor, maxOperations);
  const apollo = await startedApollo({ schema, executor, repeated, errors, limits: config.operations, logger });
  const sockets = new GraphQLSockets({
    schema,
    executor,
    errors,
    authenticate,
    logger,
    documents: new Documents(schema, config.operations),
    path: graphqlPath,
    limits: config.sockets,
    allowedOrigins: config.allowedOrigins,
  });
  const contextOf: ContextOf = async ({ headers, id }) => newRequestContext(await authenticate(credentialOf(headers.authorization)), id);

  const life: Life = { isStopping: false };
  const fastify = newFastify(config, logger, errors);
  refuseWhileStopping(fastify, life);
  allowOrigins(fastify, config.allowedOrigins);
  const byApollo = fastifyApolloHandler(apollo, { context: request => contextOf(request).catch(asHttpError) });
  fastify.route({
    url: graphqlPath,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: async (request, reply) => (await repeated.answer(request, reply, contextOf)) ?? byApollo.call(fastify, request, reply),
  });
  serveGraphiql(fastify, graphiqlExamples);
  for (const addRoutes of routes) {
    void fastify.register(async scope => {
      addRoutes(scope, contextOf);
    });
  }
  fastify.server.on('upgrade', (request, connection, head) => {
    sockets.upgrade(request, connection, head);
  });

  const stop = async (): Promise<void> => {
    life.isStopping = true;
    const cut = setTimeout(() => {
      fastify.server.closeAllConnections();
    }, config.drainMs);
    await Promise.all([sockets.close(), fastify.close()]);
    clearTimeout(cut);
    await apollo.stop();
  };
  return {
    fastify,
    openSockets: () => sockets.size,
    start: (port, host) => fastify.listen({ port, host }),
    stop: () => (life.stopped ??= stop()),
  };
}

function newFastify({ maxBodyBytes }: ServerConfig, logger: Logger, errors: ErrorFormat): FastifyInstance {
  const fastify = Fastify({
    loggerInstance: logger,
    logController: new LogController({ disableRequestLogging: true }),
    childLoggerFactory: it => it, // what is logged names the request itself
    genReqId: requestIds(),
    bodyLimit: maxBodyBytes,
    requestTimeout: requestTimeoutMs,
    return503OnClosing: false,
    clientErrorHandler: (_error, connection) => { refuseUnread(connection, errors); },
  }) as unknown as FastifyInstance;
  let goodHost = '';
  fastify.addHook('onRequest', ({ id, host }, reply, done) => {
    void reply.header('x-request-id', id);
    if (host !== goodHost && !URL.canParse(`http://${host}/`)) {
      done(new InvalidInput('The Host header is not one.'));
      return;
    }
    goodHost = host;
    done();
  });
  fastify.setErrorHandler((error, request, reply) => {
    const shown = errors.toPublic(error, request.id);
    void reply.code(statusOf(error)).send({ errors: [shown] });
  });
  fastify.setNotFoundHandler(async () => {
    throw new NotFound('There is nothing at this address.');
  });
  return fastify;
}

interface Life {
  isStopping: boolean;
  stopped?: Promise<void>;
}

function refuseWhileStopping(fastify: FastifyInstance, life: Life): void {
  fastify.addHook('onRequest', (_request, _reply, done) => {
    done(life.isStopping ? new DependencyUnavailable('The server is stopping.') : undefined);
  });
  fastify.addHook('onSend', (_request, reply, _payload, done) => {
    if (life.isStopping) void reply.header('connection', 'close'); // a connection kept alive would hold up the stop
    done();
  });
}

/** A UUIDv7 for this process, and the number of the request in it. */
function requestIds(): () => string {
  const prefix = uuidv7(Date.now());
  let count = 0;
  return () => `${prefix}-${(count += 1).toString(36)}`;
}

/** What is no HTTP, or does not come in time, never becomes a request. */
function refuseUnread(connection: Socket, errors: ErrorFormat): void {
  if (connection.destroyed || !connection.writable) return;
  const body = JSON.stringify({ errors: [errors.toPublic(new InvalidInput('What came is no HTTP request, or did not come in time.'))] });
  connection.write(`HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  connection.destroySoon(); // what is half closed would hold up the stop
}

/** Of our errors, and of Fastify's own refusals; all else is our fault. */
function statusOf(error: unknown): number {
  if (error instanceof AppError) return error.status;
  const { code, statusCode } = error as { readonly code?: unknown; readonly statusCode?: unknown };
  return typeof code === 'string' && code.startsWith('FST_ERR_') && typeof statusCode === 'number' ? statusCode : 500;
}

/** Apollo answers with 500 where a request's context cannot be made, unless it is told otherwise. */
function asHttpError(error: unknown): never {
  if (!(error instanceof AppError)) throw error;
  throw new GraphQLError(error.message, { originalError: error, extensions: { http: { status: error.status } } });
}
