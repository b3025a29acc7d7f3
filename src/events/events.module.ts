import type { Pool } from 'pg';
import type { HttpRoutes } from '../graphql/http-route.js';
import type { Clock } from '../kernel/clock.js';
import { parseEvents } from './event.schema.js';
import type { EventStream } from './event-stream.js';
import { eventRoutes } from './events.http.js';
import { PostgresEventLog, type HashIds } from './events.postgres.js';
import { EventsResolver } from './events.resolver.js';
import { ingest, type Ingest, type IngestDeps } from './ingest.js';

export interface EventsDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly hashing: HashIds;
  readonly stream: Pick<EventStream, 'publish'>;
}

export function eventsModule({ pool, clock, hashing, stream }: EventsDeps): { readonly resolvers: readonly object[]; readonly routes: readonly HttpRoutes[] } {
  const deps: IngestDeps = { log: new PostgresEventLog(pool, hashing), came: (tenantId, ids) => void stream.publish(tenantId, ids), parse: parseEvents, now: () => clock.now() };
  const run: Ingest = (tenantId, inputs) => ingest(deps, tenantId, inputs);
  return { resolvers: [new EventsResolver(run)], routes: [eventRoutes(run)] };
}
