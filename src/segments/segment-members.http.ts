import type { HttpRoutes } from '../graphql/http-route.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import { InvalidInput } from '../kernel/errors.js';
import type { Clock } from '../kernel/clock.js';
import { listOf, type MemberLists } from './member-lists.js';
import { parseMembersCsv } from './segment-members.schema.js';
import type { Segment } from './segment.js';

export interface SegmentMembersRoutesDeps {
  readonly lists: MemberLists;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly clock: Clock;
}

/** Takes members of a list as CSV: part by part, since each request is answered when its rows are on the list. */
export function segmentMembersRoutes({ lists, segmentById, clock }: SegmentMembersRoutesDeps): HttpRoutes {
  return (fastify, contextOf) => {
    fastify.addContentTypeParser('text/csv', { parseAs: 'string' }, (_request, body, done) => { done(null, body); });
    fastify.post<{ Params: { id: string } }>('/api/v1/segments/:id/members', async request => {
      const { principal, loaders } = await contextOf(request);
      requireRole(principal, 'server', 'admin');
      const segment = listOf(await loaders.get(segmentById).load(request.params.id));
      if (typeof request.body !== 'string') throw new InvalidInput('The body has to be CSV, sent as text/csv.', { details: { path: '' } });
      const entries = parseMembersCsv(request.body, clock.now());
      const customers = new Set(entries.map(it => it.customerId)).size;
      const { entered, kept, known } = await lists.add(principal.tenantId, segment, entries);
      return { rows: entries.length, added: entered.length, updated: kept.length, unchanged: known - entered.length - kept.length, unknown: customers - known };
    });
  };
}
