import type { Pool } from 'pg';
import type { HttpRoutes } from '../graphql/http-route.js';
import type { Clock } from '../kernel/clock.js';
import { configTopic, type Bus } from '../platform/bus.js';
import { Repeated } from '../platform/repeated.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import type { ConfigurationChanged, Definitions } from '../tenants/definitions.js';
import type { HashIds } from '../platform/tombstones.js';
import { EventCatalogue } from './event-catalogue.js';
import type { Counting } from './event.js';
import type { EventStream } from './event-stream.js';
import type { EventType } from './event-type.js';
import { compileProperties, parseEventType } from './event-type.schema.js';
import { EventTypesResolver } from './event-types.resolver.js';
import { parseEvents } from './event.schema.js';
import { eventRoutes } from './events.http.js';
import { PostgresEventLog } from './events.postgres.js';
import { EventsResolver } from './events.resolver.js';
import { ingest, resend, type Ingest, type IngestDeps } from './ingest.js';
import { LearnedProperties } from './learned-properties.postgres.js';
import { PostgresRejectedEvents } from './rejected-events.postgres.js';
import { PostgresReplayLog } from './replay.postgres.js';
import { ReplayResolver } from './replay.resolver.js';
import { dropOldEvents } from './retention.postgres.js';

export interface EventsDeps {
  readonly pool: Pool;
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly hashing: HashIds;
  readonly countingOf: (tenantId: string) => Promise<Counting>;
  readonly stream: Pick<EventStream, 'publish'>;
  /** For how long events are kept. */
  readonly keptDays: number;
  readonly onFailure: (error: unknown) => void;
}

export interface EventsModule {
  readonly resolvers: readonly object[];
  readonly routes: readonly HttpRoutes[];
  /** Drops what is past its time; also done at the start and every hour. */
  readonly maintain: () => Promise<void>;
  /** Resolves when nothing is under way. */
  readonly stop: () => Promise<void>;
}

const maintainMs = 3_600_000;

export function eventsModule({ pool, bus, clock, definitions, hashing, countingOf, stream, keptDays, onFailure }: EventsDeps): EventsModule {
  const rejected = new PostgresRejectedEvents(pool, hashing);
  const learned = new LearnedProperties(pool, onFailure);
  const defined = async (tenantId: string): Promise<readonly EventType[]> =>
    (await definitions.list(tenantId, 'eventType', { first: mostOfAKind })).map(it => parseEventType(it.body));
  const catalogues = new CataloguesInUse(bus, defined);
  const deps: IngestDeps = {
    log: new PostgresEventLog(pool, hashing, countingOf),
    catalogueOf: tenantId => catalogues.get(tenantId),
    rejected,
    learn: (tenantId, properties) => learned.note(tenantId, properties),
    came: (tenantId, ids) => void stream.publish(tenantId, ids),
    parse: (inputs, now) => parseEvents(inputs, now, keptDays),
    now: () => clock.now(),
  };
  const maintenance = new Repeated(maintainMs, () => dropOldEvents({ pool, keptDays, now: deps.now }), onFailure);
  void maintenance.now();
  const run: Ingest = (tenantId, inputs) => ingest(deps, tenantId, inputs);
  return {
    resolvers: [
      new EventsResolver(run),
      new EventTypesResolver({ definitions, defined, learned: it => learned.all(it), rejected, resend: (tenantId, filter) => resend(deps, tenantId, filter) }),
      new ReplayResolver(new PostgresReplayLog(pool), stream),
    ],
    routes: [eventRoutes(run)],
    maintain: () => maintenance.now(),
    stop: () => maintenance.stop(),
  };
}

/** The compiled event types of each tenant that was asked for, until they change. */
class CataloguesInUse {
  readonly #bus: Pick<Bus, 'subscribe'>;
  readonly #defined: (tenantId: string) => Promise<readonly EventType[]>;
  readonly #catalogues = new Map<string, Promise<EventCatalogue>>();
  readonly #following = new Map<string, Promise<unknown>>();

  constructor(bus: Pick<Bus, 'subscribe'>, defined: (tenantId: string) => Promise<readonly EventType[]>) {
    this.#bus = bus;
    this.#defined = defined;
  }

  async get(tenantId: string): Promise<EventCatalogue> {
    await this.#follow(tenantId);
    const known = this.#catalogues.get(tenantId);
    if (known !== undefined) return known;
    const compiling = this.#defined(tenantId).then(all => new EventCatalogue(all, compileProperties));
    this.#catalogues.set(tenantId, compiling);
    compiling.catch(() => {
      if (this.#catalogues.get(tenantId) === compiling) this.#catalogues.delete(tenantId);
    });
    return compiling;
  }

  async #follow(tenantId: string): Promise<void> {
    let following = this.#following.get(tenantId);
    if (following === undefined) {
      following = this.#bus.subscribe(configTopic(tenantId), event => {
        const change = event.kind === 'message' ? (event.message as unknown as ConfigurationChanged) : undefined;
        if (change?.subjects.every(({ kind }) => kind !== 'eventType') !== true) this.#catalogues.delete(tenantId);
      });
      this.#following.set(tenantId, following);
      following.catch(() => this.#following.delete(tenantId));
    }
    await following;
  }
}
