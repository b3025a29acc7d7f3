import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ExecutionArgs, GraphQLSchema } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context, type Server, type SubscribePayload } from 'graphql-ws';
import type { Logger } from 'pino';
import { WebSocket, WebSocketServer } from 'ws';
import { AppError, LimitExceeded } from '../kernel/errors.js';
import type { CompiledExecutor, Operation } from './compiled-executor.js';
import type { Documents } from './documents.js';
import type { ErrorFormat, PublicError } from './error-format.js';
import { isAllowedOrigin } from './origins.js';
import { credentialOf, type Authenticate, type Principal } from './principal.js';
import { newRequestContext, type RequestContext } from './request-context.js';

export interface SocketLimits {
  /** Until the first message that says who is there. */
  readonly initTimeoutMs: number;
  /** Between pings; who has not answered one by the next is cut off. */
  readonly keepAliveMs: number;
  /** Between looks whether a socket's credential still holds; one that is revoked is closed with 4403. */
  readonly recheckMs: number;
  /** Of one message from a client. */
  readonly maxPayloadBytes: number;
  /** Waiting for a client to read them; above it is cut off. */
  readonly maxBufferedBytes: number;
  /** Subscriptions, queries and mutations that one socket has open. */
  readonly maxOperations: number;
}

export const defaultSocketLimits: SocketLimits = {
  initTimeoutMs: 3000,
  keepAliveMs: 12_000,
  recheckMs: 60_000,
  maxPayloadBytes: 1_000_000,
  maxBufferedBytes: 4_000_000,
  maxOperations: 100,
};

export interface SocketDeps {
  /** Where sockets are opened, such as /graphql. */
  readonly path: string;
  readonly schema: GraphQLSchema;
  readonly executor: CompiledExecutor;
  readonly documents: Documents;
  readonly errors: ErrorFormat;
  readonly authenticate: Authenticate;
  readonly logger: Logger;
  readonly limits: SocketLimits;
  readonly allowedOrigins: readonly string[];
}

interface Client {
  readonly socket: WebSocket;
  credential?: string | undefined;
  principal?: Principal;
}

type ClientContext = Context<Record<string, unknown>, Client>;

interface SocketArgs extends ExecutionArgs {
  readonly queryHash: string;
}

const goingAway = 1001;
const tryAgainLater = 1013;
/** What a client has for the closing handshake, before its connection is cut. */
const closeTimeoutMs = 2000;
const longestTimerMs = 2 ** 31 - 1;

/** GraphQL over WebSocket by the protocol graphql-transport-ws. */
export class GraphQLSockets {
  readonly #deps: SocketDeps;
  readonly #sockets: WebSocketServer;
  readonly #protocol: Server<Client>;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #known = new Set<Client>();
  readonly #silent = new WeakSet<WebSocket>();
  #isClosing = false;

  constructor(deps: SocketDeps) {
    this.#deps = deps;
    const options = { noServer: true, maxPayload: deps.limits.maxPayloadBytes, perMessageDeflate: false, handleProtocols, closeTimeout: closeTimeoutMs };
    this.#sockets = new WebSocketServer(options);
    this.#protocol = this.#newProtocol();
    this.#timers = [
      setInterval(() => {
        this.#pingAll();
      }, deps.limits.keepAliveMs).unref(),
      setInterval(() => {
        for (const client of this.#known) void this.#recheck(client);
      }, deps.limits.recheckMs).unref(),
    ];
  }

  /** Open sockets. */
  get size(): number {
    return this.#sockets.clients.size;
  }

  /** Takes over a connection that asks to become a WebSocket. */
  upgrade(request: IncomingMessage, connection: Duplex, head: Buffer): void {
    const { host, origin } = request.headers;
    if (request.url?.split('?', 1)[0] !== this.#deps.path) refuse(connection, '404 Not Found');
    else if (this.#isClosing) refuse(connection, '503 Service Unavailable');
    else if (!isAllowedOrigin(origin, host, this.#deps.allowedOrigins)) refuse(connection, '403 Forbidden');
    else {
      this.#sockets.handleUpgrade(request, connection, head, socket => {
        this.#open(socket);
      });
    }
  }

  /** Closes all sockets with 1001; done when they are gone, at the latest when their time for it is up. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    for (const socket of this.#sockets.clients) socket.close(goingAway, 'Going away');
    await new Promise<void>(resolve => {
      this.#sockets.close(() => {
        resolve();
      });
    });
  }

  #open(socket: WebSocket): void {
    const { logger } = this.#deps;
    const client: Client = { socket };
    socket.on('error', error => {
      logger.debug({ err: error }, 'a socket was closed for what its client sent');
    });
    socket.on('pong', () => this.#silent.delete(socket));
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: text => this.#send(socket, text),
        close: (code, reason) => {
          socket.close(code, reason);
        },
        onMessage: handle => {
          socket.on('message', (data: Buffer) => {
            handle(data.toString()).catch((error: unknown) => {
              this.#fail(socket, error);
            });
          });
        },
      },
      client,
    );
    socket.once('close', (code, reason) => {
      this.#known.delete(client);
      closed(code, reason.toString()).catch((error: unknown) => {
        logger.error({ err: error }, 'a subscription could not be ended');
      });
    });
  }

  /** Resolves when the text is handed to the system: what comes next waits for it, in a bounded queue. */
  async #send(socket: WebSocket, text: string): Promise<void> {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (socket.bufferedAmount > this.#deps.limits.maxBufferedBytes) {
      socket.close(tryAgainLater, 'Read too slowly');
      return;
    }
    await new Promise<void>(resolve => {
      socket.send(text, () => {
        resolve(); // a failure closes the socket, which ends what is open on it
      });
    });
  }

  #fail(socket: WebSocket, error: unknown): void {
    this.#deps.logger.error({ err: error }, 'a message of a socket failed by an error that nobody expected');
    socket.close(CloseCode.InternalServerError, 'Internal server error');
  }

  #pingAll(): void {
    for (const socket of this.#sockets.clients) {
      if (this.#silent.has(socket)) socket.terminate();
      else if (socket.readyState === WebSocket.OPEN) {
        this.#silent.add(socket);
        socket.ping();
      }
    }
  }

  #newProtocol(): Server<Client> {
    const { schema, executor, errors, limits } = this.#deps;
    return makeServer<Record<string, unknown>, Client>({
      schema,
      connectionInitWaitTimeout: limits.initTimeoutMs,
      onConnect: context => this.#connect(context),
      onSubscribe: (context, _id, payload) => this.#read(context, payload),
      onError: (_context, _id, _payload, found) => found.map(error => errors.toPublic(error).toJSON()),
      execute: args => executor.execute(operationOf(args as SocketArgs)),
      subscribe: args => executor.subscribe(operationOf(args as SocketArgs)),
    });
  }

  /** False closes the socket with 4403. */
  async #connect({ connectionParams, extra }: ClientContext): Promise<boolean> {
    extra.credential = credentialOf(authorizationIn(connectionParams));
    try {
      extra.principal = await this.#deps.authenticate(extra.credential);
    } catch (error) {
      if (error instanceof AppError && error.code !== 'UNAUTHENTICATED') extra.socket.close(tryAgainLater, 'Try again later');
      else if (!(error instanceof AppError)) this.#fail(extra.socket, error);
      return false;
    }
    this.#closeAt(extra.socket, extra.principal.expiresAtMs);
    if (extra.socket.readyState === WebSocket.OPEN) this.#known.add(extra);
    return true;
  }

  /** Where nobody can say whether the credential holds, the socket stays. */
  async #recheck({ socket, credential }: Client): Promise<void> {
    try {
      await this.#deps.authenticate(credential);
    } catch (error) {
      if (error instanceof AppError && error.code === 'UNAUTHENTICATED') socket.close(CloseCode.Forbidden, 'The credential holds no longer');
    }
  }

  #closeAt(socket: WebSocket, expiresAtMs: number | undefined): void {
    if (expiresAtMs === undefined) return;
    const timer = setTimeout(
      () => {
        if (Date.now() < expiresAtMs) this.#closeAt(socket, expiresAtMs);
        else socket.close(CloseCode.Forbidden, 'The credential has expired');
      },
      Math.min(longestTimerMs, Math.max(0, expiresAtMs - Date.now())),
    );
    socket.once('close', () => {
      clearTimeout(timer);
    });
  }

  #read({ subscriptions, extra }: ClientContext, payload: SubscribePayload): SocketArgs | readonly PublicError[] {
    const { schema, documents, errors, limits } = this.#deps;
    const { principal } = extra;
    if (principal === undefined) throw new Error('a socket has no principal although it was acknowledged');
    const context = newRequestContext(principal);
    const refused = (found: readonly unknown[]): readonly PublicError[] => found.map(error => errors.toPublic(error, context.requestId));
    if (Object.keys(subscriptions).length > limits.maxOperations) {
      return refused([new LimitExceeded('Too many operations are open on this socket.', { details: { limit: limits.maxOperations } })]);
    }
    try {
      const read = documents.read(payload.query);
      if (!('document' in read)) return refused(read);
      return {
        schema,
        ...read,
        operationName: payload.operationName,
        variableValues: payload.variables,
        contextValue: context,
      };
    } catch (error) {
      return refused([error]);
    }
  }
}

function operationOf({ document, queryHash, operationName, variableValues, contextValue }: SocketArgs): Operation {
  return {
    document,
    queryHash,
    operationName: operationName ?? undefined,
    variables: variableValues ?? {},
    context: contextValue as RequestContext,
  };
}

function authorizationIn(params: Readonly<Record<string, unknown>> | undefined): unknown {
  return Object.entries(params ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
}

function refuse(connection: Duplex, status: string): void {
  connection.on('error', () => undefined);
  connection.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
