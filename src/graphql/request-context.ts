import { uuidv7 } from '../kernel/ids.js';
import { LoaderScope } from './loader-scope.js';
import type { Principal } from './principal.js';

/** What a resolver may know of the request it serves. Features come to resolvers by their constructors, never by this. */
export interface RequestContext {
  readonly requestId: string;
  readonly principal: Principal;
  readonly loaders: LoaderScope;
  /** Epoch milliseconds; of a subscription's event, when that event came. */
  readonly startedAt: number;
  /** Of a subscription: aborted when it ends, whoever ends it. */
  readonly signal?: AbortSignal;
}

export function newRequestContext(principal: Principal, requestId: string = uuidv7(Date.now())): RequestContext {
  return { requestId, principal, loaders: new LoaderScope(principal.tenantId), startedAt: Date.now() };
}

/** The same request when a subscription's next event is answered: rows are read anew. */
export function renewedContext(context: RequestContext): RequestContext {
  return { ...context, loaders: new LoaderScope(context.principal.tenantId), startedAt: Date.now() };
}
