import { GraphQLError, Kind, type GraphQLFormattedError } from 'graphql';
import type { Logger } from 'pino';
import { ArgumentValidationError } from 'type-graphql';
import { AppError, InternalError, InvalidInput, InvariantViolation, LimitExceeded, NotFound } from '../kernel/errors.js';

/** An error as a caller may see it. It is final: formatting it again changes nothing. */
export class PublicError extends GraphQLError {
  readonly #formatted: GraphQLFormattedError;

  constructor(formatted: GraphQLFormattedError) {
    super(formatted.message, { path: formatted.path, extensions: formatted.extensions ?? {} });
    this.#formatted = formatted;
  }

  override toJSON(): GraphQLFormattedError {
    return this.#formatted;
  }
}

/**
 * Turns whatever went wrong into what may leave the process: a code of the error table and words of our own. A bug is
 * logged with all there is, and leaves as INTERNAL with the id of its request. No stack, and no value that was sent.
 */
export class ErrorFormat {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  toPublic(error: unknown, requestId?: string): PublicError {
    const chain = chainOf(error);
    const known = chain.find(it => it instanceof PublicError);
    if (known !== undefined) return known;
    const appError = appErrorIn(chain) ?? this.#masked(chain, requestId);
    const located = chain.find(it => it instanceof GraphQLError);
    return new PublicError({
      message: appError.message,
      ...(located?.locations && { locations: located.locations }),
      ...(located?.path && { path: located.path }),
      extensions: {
        code: appError.code,
        ...(Object.keys(appError.details).length > 0 && { details: appError.details }),
        ...(requestId !== undefined && { requestId }),
      },
    });
  }

  #masked(chain: readonly unknown[], requestId: string | undefined): AppError {
    this.#logger.error({ err: chain.at(-1), requestId }, 'a request failed by an error that nobody expected');
    return new InternalError('Something went wrong here. The log has it under the id of this request.');
  }
}

/** The error and what it wraps, outermost first. */
function chainOf(error: unknown): readonly unknown[] {
  const chain = [error];
  while (chain.length < 10) {
    const last = chain.at(-1);
    const inner = last instanceof GraphQLError ? last.originalError : undefined;
    if (inner === undefined) break;
    chain.push(inner);
  }
  return chain;
}

/** Undefined for a bug. */
function appErrorIn(chain: readonly unknown[]): AppError | undefined {
  const innermost = chain.at(-1);
  if (innermost instanceof AppError) return innermost instanceof InvariantViolation ? undefined : innermost;
  if (innermost instanceof ArgumentValidationError) return ofArguments(innermost);
  if (innermost instanceof GraphQLError) return ofGraphQL(innermost, chain.some(it => it instanceof GraphQLError && it.path !== undefined));
  return ofFastify(innermost);
}

/** TypeGraphQL's own message and extensions repeat the whole input. */
function ofArguments(error: ArgumentValidationError): AppError {
  const fields = error.extensions.validationErrors.map(({ property }) => property);
  return new InvalidInput('The arguments do not hold what they must.', { details: { fields: [...new Set(fields)].join(', ') } });
}

const valueKinds: ReadonlySet<string> = new Set([
  Kind.INT,
  Kind.FLOAT,
  Kind.STRING,
  Kind.BOOLEAN,
  Kind.NULL,
  Kind.ENUM,
  Kind.LIST,
  Kind.OBJECT,
  Kind.OBJECT_FIELD,
]);

/** Of graphql-js and Apollo: findings about the request, unless they have a place in the answer; then a resolver's value was wrong. */
function ofGraphQL({ message, nodes }: GraphQLError, hasPath: boolean): AppError | undefined {
  if (hasPath) return message.startsWith('Argument "') ? new InvalidInput('An argument does not fit its type.') : undefined;
  if (message.startsWith('Syntax Error')) {
    if (message.endsWith('tokens. Parsing aborted.')) return new LimitExceeded('The document has too many tokens.');
    return new InvalidInput('The document is not GraphQL: a syntax error.');
  }
  if (nodes?.some(({ kind }) => valueKinds.has(kind)) === true) return new InvalidInput('A value in the document does not fit its type.');
  if (message.startsWith('Variable "$') && message.includes('invalid value')) return new InvalidInput('A variable does not fit its type.');
  return new InvalidInput(message);
}

function ofFastify(error: unknown): AppError | undefined {
  const { code, statusCode } = error instanceof Error ? (error as Error & { code?: unknown; statusCode?: unknown }) : {};
  if (typeof code !== 'string' || !code.startsWith('FST_ERR_') || typeof statusCode !== 'number' || statusCode >= 500) return undefined;
  if (statusCode === 413) return new LimitExceeded('The body is too large.');
  if (statusCode === 404) return new NotFound('There is nothing at this address.');
  return new InvalidInput(statusCode === 415 ? 'The body is of a type that is not taken here.' : 'The request is not understood: is its body valid JSON?');
}
