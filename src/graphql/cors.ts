import type { FastifyInstance } from 'fastify';
import { isAllowedOrigin } from './origins.js';

/** Lets pages of the allowed origins call this server, and answers what browsers ask before they do. */
export function allowOrigins(server: FastifyInstance, allowed: readonly string[]): void {
  server.addHook('onRequest', ({ headers, method }, reply, done) => {
    const { origin, host } = headers;
    if (origin === undefined) {
      done();
      return;
    }
    void reply.header('vary', 'Origin');
    if (!isAllowedOrigin(origin, host, allowed)) {
      done();
      return;
    }
    void reply.header('access-control-allow-origin', origin).header('access-control-expose-headers', 'x-request-id');
    if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) {
      done();
      return;
    }
    void reply
      .code(204)
      .header('access-control-allow-methods', 'GET, POST')
      .header('access-control-allow-headers', 'authorization, content-type, apollo-require-preflight')
      .header('access-control-max-age', '600')
      .send();
  });
}
