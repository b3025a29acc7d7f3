import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { RequestContext } from './request-context.js';

/** Whom a plain HTTP request comes from, as GraphQL's resolvers are told it; throws Unauthenticated. */
export type ContextOf = (request: FastifyRequest) => Promise<RequestContext>;

/** Adds a feature's plain HTTP routes. What they throw is answered as GraphQL's errors are, with the status of its code. */
export type HttpRoutes = (server: FastifyInstance, contextOf: ContextOf) => void;
