import {
  createSourceEventStream,
  execute,
  getOperationAST,
  GraphQLError,
  OperationTypeNode,
  type DocumentNode,
  type ExecutionResult,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql';
import type { CompiledQuery } from 'graphql-jit';
import { LRUCache } from 'lru-cache';
import { InvalidInput } from '../kernel/errors.js';
import { compileOperation } from './compile-operation.js';
import type { ErrorFormat } from './error-format.js';
import { compileCost, type CostOf } from './operation-cost.js';
import { tooComplex } from './operation-limits.js';
import { VariableCoercion, type Variables } from './operation-variables.js';
import { renewedContext, type RequestContext } from './request-context.js';

export interface ExecutorOptions {
  readonly schema: GraphQLSchema;
  readonly errors: ErrorFormat;
  readonly maxCost: number;
  /** Operations to remember, compiled or not. */
  readonly maxOperations: number;
}

/** One operation to run. The document is validated already. */
export interface Operation {
  readonly document: DocumentNode;
  /** SHA-256 of the document's text: what compiled queries are remembered by, with the name. */
  readonly queryHash: string;
  readonly operationName: string | undefined;
  /** As they were sent. */
  readonly variables: Variables;
  readonly context: RequestContext;
}

interface Known {
  readonly node: OperationDefinitionNode;
  readonly variables: VariableCoercion;
  readonly cost: CostOf;
  /** An operation that comes once is not worth compiling: that costs as much as running it many times. */
  compiled: 'never ran' | 'not yet' | 'cannot be' | CompiledQuery;
}

interface Prepared {
  readonly known: Known;
  readonly values: Variables;
}

/**
 * Runs operations of both transports: checks their variables, bounds their cost, and runs them compiled from the second
 * time on. All errors in its results are public.
 */
export class CompiledExecutor {
  readonly #schema: GraphQLSchema;
  readonly #errors: ErrorFormat;
  readonly #maxCost: number;
  readonly #known: LRUCache<string, Known>;

  constructor({ schema, errors, maxCost, maxOperations }: ExecutorOptions) {
    this.#schema = schema;
    this.#errors = errors;
    this.#maxCost = maxCost;
    this.#known = new LRUCache({ max: maxOperations });
  }

  /** Runs a query or a mutation. */
  async execute(operation: Operation): Promise<ExecutionResult> {
    const prepared = this.#prepare(operation);
    if ('refused' in prepared) return prepared.refused;
    if (prepared.known.node.operation === OperationTypeNode.SUBSCRIPTION) {
      return this.#refused(operation, [refusal('A subscription needs a WebSocket.')]).refused;
    }
    return this.#run(prepared, operation, undefined);
  }

  /** Opens a subscription. Each event is answered with loaders of its own; ending the iterator ends its source. */
  async subscribe(operation: Operation): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    const prepared = this.#prepare(operation);
    if ('refused' in prepared) return prepared.refused;
    const ended = new AbortController();
    const context: RequestContext = { ...operation.context, signal: ended.signal };
    const source = await createSourceEventStream({
      schema: this.#schema,
      document: operation.document,
      contextValue: context,
      variableValues: operation.variables,
      operationName: operation.operationName,
    });
    if (!(Symbol.asyncIterator in source)) return this.#refused(operation, source.errors ?? []).refused;
    return new Answers(source[Symbol.asyncIterator](), ended, {
      answer: event => this.#run(prepared, { ...operation, context: renewedContext(context) }, event),
      failure: error => this.#errors.toPublic(error, context.requestId),
    });
  }

  #prepare(operation: Operation): Prepared | { refused: ExecutionResult } {
    const known = this.#find(operation);
    if (known === undefined) return this.#refused(operation, [refusal('The document has no single operation, or none of that name.')]);
    const coerced = known.variables.coerce(operation.variables);
    if ('errors' in coerced) return this.#refused(operation, coerced.errors);
    const cost = known.cost(coerced.values);
    if (cost > this.#maxCost) return this.#refused(operation, [tooComplex('cost', cost, this.#maxCost)]);
    return { known, values: coerced.values };
  }

  #find({ document, queryHash, operationName }: Operation): Known | undefined {
    const key = `${queryHash}:${operationName ?? ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const node = getOperationAST(document, operationName);
    if (!node) return undefined;
    const made: Known = {
      node,
      variables: new VariableCoercion(this.#schema, node),
      cost: compileCost(this.#schema, document, node),
      compiled: 'never ran',
    };
    this.#known.set(key, made);
    return made;
  }

  async #run({ known, values }: Prepared, { document, operationName, variables, context }: Operation, rootValue: unknown): Promise<ExecutionResult> {
    if (known.compiled === 'not yet') known.compiled = compileOperation(this.#schema, document, operationName) ?? 'cannot be';
    if (known.compiled === 'never ran') known.compiled = 'not yet';
    const result = await (typeof known.compiled === 'object'
      ? known.compiled.query(rootValue, context, values)
      : execute({ schema: this.#schema, document, rootValue, contextValue: context, variableValues: variables, operationName }));
    if (result.errors === undefined) return result;
    return { ...result, errors: result.errors.map(error => this.#errors.toPublic(error, context.requestId)) };
  }

  #refused({ context }: Operation, errors: readonly GraphQLError[]): { refused: ExecutionResult } {
    return { refused: { errors: errors.map(error => this.#errors.toPublic(error, context.requestId)) } };
  }
}

function refusal(message: string): GraphQLError {
  return new GraphQLError(message, { originalError: new InvalidInput(message) });
}

interface Answering {
  readonly answer: (event: unknown) => Promise<ExecutionResult>;
  readonly failure: (error: unknown) => Error;
}

/** Not an async generator: `return` reaches the source at once, also while the next event is waited for. */
class Answers implements AsyncIterableIterator<ExecutionResult, undefined> {
  readonly #source: AsyncIterator<unknown>;
  readonly #ended: AbortController;
  readonly #answering: Answering;

  constructor(source: AsyncIterator<unknown>, ended: AbortController, answering: Answering) {
    this.#source = source;
    this.#ended = ended;
    this.#answering = answering;
  }

  async next(): Promise<IteratorResult<ExecutionResult, undefined>> {
    try {
      const event = await this.#source.next();
      if (event.done !== true) return { value: await this.#answering.answer(event.value), done: false };
    } catch (error) {
      this.#ended.abort();
      throw this.#answering.failure(error);
    }
    this.#ended.abort();
    return { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<ExecutionResult, undefined>> {
    this.#ended.abort();
    await this.#source.return?.();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
