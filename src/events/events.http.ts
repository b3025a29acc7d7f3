import type { HttpRoutes } from '../graphql/http-route.js';
import { requireRole } from '../graphql/principal.js';
import { InvalidInput } from '../kernel/errors.js';
import { summaryOf, type Ingest } from './ingest.js';

/** The REST twin of `ingestEvents`: a JSON array of events. */
export function eventRoutes(ingest: Ingest): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.post('/api/v1/events', async request => {
      const { principal } = await contextOf(request);
      requireRole(principal, 'server', 'admin');
      if (!Array.isArray(request.body)) throw new InvalidInput('The body has to be a JSON array of events.', { details: { path: '' } });
      return summaryOf(await ingest(principal.tenantId, request.body));
    });
  };
}
