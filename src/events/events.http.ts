import type { HttpRoutes } from '../graphql/http-route.js';
import { requireRole } from '../graphql/principal.js';
import { InvalidInput } from '../kernel/errors.js';
import { summaryOf, type Ingest } from './ingest.js';

const mostBytes = 24 * 1024 * 1024;
const shape = 'The body has to be a JSON array of events, or NDJSON.';

/** The REST twin of `ingestEvents`: a JSON array of events, or an event a line (NDJSON). */
export function eventRoutes(ingest: Ingest): HttpRoutes {
  return (fastify, contextOf) => {
    void fastify.register(async scope => {
      scope.addContentTypeParser(['application/x-ndjson', 'application/ndjson'], { parseAs: 'string', bodyLimit: mostBytes }, (_request, body, done) => {
        done(null, eventsIn(String(body)));
      });
      // As it was sent, names of prototypes too: an event that has one is answered in its place, and does not keep the others out.
      scope.addContentTypeParser('application/json', { parseAs: 'string', bodyLimit: mostBytes }, (_request, body, done) => {
        try {
          done(null, JSON.parse(String(body)));
        } catch {
          done(new InvalidInput(shape, { details: { path: '' } }));
        }
      });
      scope.post('/api/v1/events', { bodyLimit: mostBytes }, async request => {
        const { principal } = await contextOf(request);
        requireRole(principal, 'server', 'admin');
        if (!Array.isArray(request.body)) throw new InvalidInput(shape, { details: { path: '' } });
        return summaryOf(await ingest(principal.tenantId, request.body));
      });
    });
  };
}

/** A line that is no JSON is a text, which is no event, and is answered as such in its place. */
function eventsIn(text: string): readonly unknown[] {
  return text.split(/\r?\n/).filter(it => it.trim() !== '').map(line => {
    try {
      return JSON.parse(line) as unknown;
    } catch {
      return line;
    }
  });
}
