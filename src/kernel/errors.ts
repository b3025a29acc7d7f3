/**
 * Every error that Attune raises on purpose, by its stable code. Anything else that reaches the edge is a fault of ours
 * and is answered as INTERNAL. `status` is the REST twins' HTTP status; GraphQL answers carry the code in `extensions`.
 */
export const errorTable = {
  INVALID_INPUT: { status: 400, meaning: 'Something that was sent is not as it has to be; `path` says where.' },
  LIMIT_EXCEEDED: { status: 413, meaning: 'What was sent or asked for is larger than is allowed.' },
  UNAUTHENTICATED: { status: 401, meaning: 'The key or token is missing, wrong, revoked or expired.' },
  FORBIDDEN: { status: 403, meaning: 'The key is good, but not for this.' },
  NOT_FOUND: { status: 404, meaning: 'The tenant has nothing by this id.' },
  ERASED: { status: 410, meaning: 'The customer has been erased; nothing is taken about them any more.' },
  CONFLICT: { status: 409, meaning: 'What is there does not allow the change.' },
  UNAVAILABLE: { status: 503, meaning: 'A part that is needed does not answer; a retry may succeed.' },
  OVERLOADED: { status: 503, meaning: 'A bounded queue has been full for too long; try again later.' },
  SLOW_CONSUMER: { status: 429, meaning: 'The subscription was read too slowly and was ended.' },
  INVARIANT: { status: 500, meaning: 'Our own code broke a promise.' },
  INTERNAL: { status: 500, meaning: 'Something unforeseen; the log has it under the request id.' },
} as const satisfies Record<string, { readonly status: number; readonly meaning: string }>;

export type ErrorCode = keyof typeof errorTable;

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Shown to the caller: paths, limits, ids of our own making, never what the caller sent. */
  readonly details?: Readonly<Record<string, string | number>>;
}

export abstract class AppError extends Error {
  abstract readonly code: ErrorCode;
  readonly details: Readonly<Record<string, string | number>>;

  constructor(message: string, { cause, details }: ErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = new.target.name;
    this.details = details ?? {};
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

export class InvalidInput extends AppError {
  readonly code = 'INVALID_INPUT';
}
export class LimitExceeded extends AppError {
  readonly code = 'LIMIT_EXCEEDED';
}
export class Unauthenticated extends AppError {
  readonly code = 'UNAUTHENTICATED';
}
export class Forbidden extends AppError {
  readonly code = 'FORBIDDEN';
}
export class NotFound extends AppError {
  readonly code = 'NOT_FOUND';
}
export class Erased extends AppError {
  readonly code = 'ERASED';
}
export class Conflict extends AppError {
  readonly code = 'CONFLICT';
}
export class DependencyUnavailable extends AppError {
  readonly code = 'UNAVAILABLE';
}
export class Overloaded extends AppError {
  readonly code = 'OVERLOADED';
}
export class SlowConsumer extends AppError {
  readonly code = 'SLOW_CONSUMER';
}
export class InvariantViolation extends AppError {
  readonly code = 'INVARIANT';
}
/** What a caller is told of a fault that nobody foresaw. */
export class InternalError extends AppError {
  readonly code = 'INTERNAL';
}
