import { Arg, Args, Ctx, Field, FieldResolver, Float, ID, InputType, Int, Mutation, ObjectType, Query, Resolver, Root, Subscription } from 'type-graphql';
import { IsInt, Max } from 'class-validator';
import { pino, type Logger } from 'pino';
import WebSocket from 'ws';
import { JsonScalar, DateTimeScalar, DurationScalar } from '../../src/graphql/scalars.js';
import { OneOf } from '../../src/graphql/one-of.js';
import type { LoaderKey } from '../../src/graphql/loader-scope.js';
import { connectionOf, connectionTypeOf, PageArgs, pageRequest, type Connection } from '../../src/graphql/pagination.js';
import { requireCustomer, requireRole, type Authenticate } from '../../src/graphql/principal.js';
import type { RequestContext } from '../../src/graphql/request-context.js';
import { openedBy } from '../../src/graphql/subscription-source.js';
import { subscriptionTo, type SubscriptionQueue } from '../../src/graphql/subscription-hub.js';
import { NotFound, Unauthenticated } from '../../src/kernel/errors.js';
import { schemaOf } from '../../src/schema.js';
import { createServer, defaultServerConfig, type Server, type ServerConfig } from '../../src/server.js';

export interface Book {
  readonly id: string;
  readonly title: string;
  readonly tags: readonly string[];
}

@ObjectType('Book', { simpleResolvers: true })
export class BookType implements Book {
  @Field(() => ID)
  id!: string;
  @Field(() => String)
  title!: string;
  @Field(() => [String])
  tags!: readonly string[];
}

@ObjectType('Tick', { simpleResolvers: true })
export class TickType {
  @Field(() => Int)
  n!: number;
  @Field(() => String)
  filler!: string;
}

@InputType()
@OneOf()
class FilterInput {
  @Field(() => String, { nullable: true })
  title?: string;
  @Field(() => Int, { nullable: true })
  year?: number;
  @Field(() => [FilterInput], { nullable: true })
  any?: FilterInput[];
}

@InputType()
class RatingInput {
  @Field(() => Int)
  @IsInt()
  @Max(5)
  stars!: number;
  @Field(() => String, { defaultValue: 'none' })
  note!: string;
}

const BookConnectionType = connectionTypeOf('Book', BookType);

/** What the test's store holds, and what was asked of it. */
export class Shelf {
  readonly books: Book[] = Array.from({ length: 250 }, (_, i) => ({ id: `b${i}`, title: `Book ${i}`, tags: ['a', 'b'] }));
  readonly batches: (readonly string[])[] = [];
  readonly queues = new Set<SubscriptionQueue<TickType>>();
  ratings = 0;

  readonly titles: LoaderKey<string, string> = {
    name: 'titles',
    loadMany: async ids => {
      this.batches.push(ids);
      return ids.map(id => this.books.find(book => book.id === id)?.title ?? new NotFound('There is no such book.'));
    },
  };

  tick(n: number, filler = '', key?: string): void {
    for (const queue of this.queues) queue.push({ n, filler }, key);
  }
}

@Resolver(() => BookType)
export class BookResolver {
  readonly #shelf: Shelf;
  constructor(shelf: Shelf) {
    this.#shelf = shelf;
  }

  @Query(() => BookType, { nullable: true })
  book(@Arg('id', () => ID) id: string): Book | null {
    return this.#shelf.books.find(book => book.id === id) ?? null;
  }

  @Query(() => [BookType])
  books(@Arg('ids', () => [ID]) ids: string[]): Book[] {
    return this.#shelf.books.filter(book => ids.includes(book.id));
  }

  @Query(() => BookConnectionType)
  page(@Args(() => PageArgs) args: PageArgs): Connection<Book> {
    const page = pageRequest(args);
    const from = page.after === undefined ? 0 : Number(page.after[0]) + 1;
    const rows = this.#shelf.books.slice(from, from + page.first + 1);
    return connectionOf(rows, page, book => [Number(book.id.slice(1))]);
  }

  @FieldResolver(() => String)
  loadedTitle(@Root() book: Book, @Ctx() { loaders }: RequestContext): Promise<string> {
    return loaders.get(this.#shelf.titles).load(book.id);
  }

  @FieldResolver(() => BookType)
  next(@Root() book: Book): Book {
    const found = this.#shelf.books[this.#shelf.books.findIndex(it => it.id === book.id) + 1];
    if (found === undefined) throw new NotFound('That was the last book.');
    return found;
  }

  @FieldResolver(() => [BookType])
  firstOnes(@Arg('first', () => Int) first: number): Book[] {
    return this.#shelf.books.slice(0, first);
  }

  @FieldResolver(() => [BookType])
  others(): Book[] {
    return this.#shelf.books.slice(0, 3);
  }

  @Query(() => String)
  filtered(@Arg('filter', () => FilterInput) filter: FilterInput): string {
    return JSON.stringify(filter);
  }

  @Query(() => String)
  echo(
    @Arg('json', () => JsonScalar, { nullable: true }) json: unknown,
    @Arg('at', () => DateTimeScalar, { nullable: true }) at: string | null,
    @Arg('within', () => DurationScalar, { nullable: true }) within: string | null,
  ): string {
    return JSON.stringify({ json, at, within });
  }

  @Query(() => DateTimeScalar)
  time(@Arg('ms', () => Float) ms: number): number {
    return ms;
  }

  @Query(() => String, { nullable: true })
  fails(@Arg('how', () => String) how: string): string | null {
    if (how === 'bug') throw new TypeError('password=hunter2 cannot be read');
    if (how === 'known') throw new NotFound('There is no such thing.', { details: { limit: 3 } });
    if (how === 'foreign') throw Object.assign(new Error('index secret-index'), { statusCode: 404, code: 'ES_404' });
    return null;
  }

  @Query(() => Boolean, { description: 'Whether a compiled query asks.' })
  compiled(): boolean {
    return new Error().stack?.includes('graphql-jit') === true;
  }

  @Query(() => String)
  mustNotBeNull(): string {
    return null as unknown as string;
  }

  @Query(() => String)
  adminOnly(@Ctx() { principal }: RequestContext): string {
    requireRole(principal, 'admin');
    return 'welcome';
  }

  @Query(() => String)
  customer(@Arg('id', () => ID) id: string, @Ctx() { principal }: RequestContext): string {
    requireCustomer(principal, id);
    return id;
  }

  @Mutation(() => Int)
  rate(@Arg('input', () => RatingInput, { validate: true }) input: RatingInput): number {
    this.#shelf.ratings += 1;
    return input.stars;
  }
}

@Resolver(() => TickType)
export class TickResolver {
  readonly #shelf: Shelf;
  readonly capacity: number;
  constructor(shelf: Shelf, capacity: number) {
    this.#shelf = shelf;
    this.capacity = capacity;
  }

  @Subscription(() => TickType, { subscribe: openedBy(() => TickResolver, resolver => resolver.open()) })
  ticks(@Root() tick: TickType): TickType {
    return tick;
  }

  @FieldResolver(() => String)
  title(@Root() { n }: TickType, @Ctx() { loaders }: RequestContext): Promise<string> {
    return loaders.get(this.#shelf.titles).load(`b${n % 2}`);
  }

  @FieldResolver(() => String)
  broken(): string {
    throw new TypeError('password=hunter2 in a tick');
  }

  @Subscription(() => TickType, {
    subscribe: openedBy(() => TickResolver, () => {
      throw new TypeError('password=hunter2 at the start');
    }),
  })
  neverOpens(@Root() tick: TickType): TickType {
    return tick;
  }

  open(): Promise<AsyncIterable<TickType>> {
    return subscriptionTo<TickType>(this.capacity, async queue => {
      this.#shelf.queues.add(queue);
      return () => this.#shelf.queues.delete(queue);
    });
  }
}

/** Credentials that hold no longer. */
export const revoked = new Set<string>();

/** `admin`, `server`, `browser-<customer>`, and `expires-<epoch ms>` are who they say, unless they are revoked. */
export const authenticate: Authenticate = async credential => {
  const [role, rest] = revoked.has(credential ?? '') ? [] : (credential ?? '').split('-');
  if (role === 'admin' || role === 'server') return { tenantId: 't', role, keyId: 'k' };
  if (role === 'browser' && rest !== undefined) return { tenantId: 't', role, keyId: 'k', customerId: rest };
  if (role === 'expires') return { tenantId: 't', role: 'server', keyId: 'k', expiresAtMs: Number(rest) };
  if (role === 'bug') throw new TypeError('password=hunter2 in authenticate');
  throw new Unauthenticated('The key is missing or wrong.');
};

/** JSON as a client has it before it looks. */
export type Untyped = ReturnType<typeof JSON.parse>;

export interface Running {
  readonly server: Server;
  readonly shelf: Shelf;
  readonly url: string;
  readonly logged: string[];
  /** Answers with the status and the parsed body. */
  readonly post: (body: object, headers?: Readonly<Record<string, string>>) => Promise<{ status: number; body: Untyped }>;
  readonly socket: (init?: object) => Promise<Client>;
  readonly stop: () => Promise<void>;
}

export async function testSchema(shelf = new Shelf(), capacity = 4): ReturnType<typeof schemaOf> {
  return schemaOf([new BookResolver(shelf), new TickResolver(shelf, capacity)]);
}

export function loggerTo(lines: string[]): Logger {
  return pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
}

export async function running(config: Partial<ServerConfig> = {}, routes: Parameters<typeof createServer>[0]['routes'] = []): Promise<Running> {
  const shelf = new Shelf();
  const logged: string[] = [];
  const clients: Client[] = [];
  const server = await createServer({
    schema: await testSchema(shelf),
    authenticate,
    logger: loggerTo(logged),
    config: { ...defaultServerConfig, ...config },
    routes,
    graphiqlExamples: [{ query: '{ __typename }' }],
  });
  const address = await server.start(0, '127.0.0.1');
  return {
    server,
    shelf,
    logged,
    url: `${address}/graphql`,
    post: async (body, headers = {}) => {
      const response = await fetch(`${address}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: 'Bearer admin', ...headers },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: await response.json() };
    },
    socket: async (init = { authorization: 'Bearer admin' }) => {
      const client = new Client(new WebSocket(`${address.replace('http', 'ws')}/graphql`, 'graphql-transport-ws'));
      clients.push(client);
      await client.opened;
      client.send({ type: 'connection_init', payload: init });
      return client;
    },
    stop: async () => {
      for (const { socket } of clients) socket.terminate();
      await server.stop();
    },
  };
}

/** A raw client: what it was sent, in order, and how it was closed. */
export class Client {
  readonly socket: WebSocket;
  readonly opened: Promise<void>;
  readonly closed: Promise<{ code: number; reason: string }>;
  readonly #messages: Untyped[] = [];
  readonly #waiting: ((message: Untyped) => void)[] = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.opened = new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    this.closed = new Promise(resolve => {
      socket.once('close', (code, reason) => {
        resolve({ code, reason: reason.toString() });
      });
    });
    socket.on('message', (data: Buffer) => {
      const message = JSON.parse(data.toString());
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#messages.push(message);
      else waiting(message);
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables?: object): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  next(): Promise<Untyped> {
    const message = this.#messages.shift();
    return message === undefined ? new Promise(resolve => this.#waiting.push(resolve)) : Promise.resolve(message);
  }

  /** The next message for the operation `id`, past all others. */
  async nextOf(id: string): Promise<Untyped> {
    for (;;) {
      const message = await this.next();
      if (message.id === id) return message;
    }
  }
}

export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 5));
}
