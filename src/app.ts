import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { contentModule } from './content/content.module.js';
import { customersModule } from './customers/customers.module.js';
import { keysModule, type KeysModule } from './customers/keys.module.js';
import { MemoryOnlineStore } from './customers/online-store.memory.js';
import { RedisOnlineStore } from './customers/online-store.redis.js';
import { OnlineRecords } from './customers/online-records.js';
import type { OnlineStore } from './customers/online-store.js';
import { customerDecisions } from './decisions/customer-decisions.postgres.js';
import { decisionsModule, type DecisionsModule } from './decisions/decisions.module.js';
import type { Snapshot } from './decisions/snapshot/snapshot.js';
import { importModule } from './decisions/import/import.module.js';
import { MemoryEventStream } from './events/event-stream.memory.js';
import { RedisEventStream } from './events/event-stream.redis.js';
import type { EventStream } from './events/event-stream.js';
import { eventsModule } from './events/events.module.js';
import { experimentsModule } from './experiments/experiments.module.js';
import { featureDefinitionsModule } from './features/feature-definitions.module.js';
import { featuresModule } from './features/features.module.js';
import type { PrismaClient } from './generated/prisma/client.js';
import type { HttpRoutes } from './graphql/http-route.js';
import { guardrailsModule, type GuardrailsModule } from './guardrails/guardrails.module.js';
import { systemClock } from './kernel/clock.js';
import { uuidv7 } from './kernel/ids.js';
import { learningModule } from './learning/learning.module.js';
import { trainingSetModule } from './learning/training-set/training-set.module.js';
import { modelArtifacts, modelsModule } from './models/models.module.js';
import { runtimeModule, type RuntimeModule } from './models/runtime.module.js';
import { outcomesModule } from './outcomes/outcomes.module.js';
import type { Bus } from './platform/bus.js';
import { MemoryBus } from './platform/bus.memory.js';
import { RedisBus } from './platform/bus.redis.js';
import type { Config } from './platform/config.js';
import type { Elasticsearch } from './platform/elasticsearch.js';
import type { Metrics } from './platform/metrics.js';
import { databaseName } from './platform/postgres.js';
import type { RedisConnections } from './platform/redis.js';
import { rulesModule } from './rules/rules.module.js';
import type { MemberSets } from './segments/member-sets.js';
import { RedisMemberSets } from './segments/member-sets.redis.js';
import { segmentDefinitionsModule } from './segments/segment-definitions.module.js';
import { projection, segmentsModule } from './segments/segments.module.js';
import { tenantsModule, type TenantsModule } from './tenants/tenants.module.js';

export interface Stores {
  readonly pool: Pool;
  readonly prisma: PrismaClient;
  /** Without it, the online store and the bus live in this process. */
  readonly redis: RedisConnections | undefined;
  /** Without it, customers are searched in PostgreSQL. */
  readonly elasticsearch?: Elasticsearch | undefined;
}

export interface App {
  readonly resolvers: readonly object[];
  readonly routes: readonly HttpRoutes[];
  readonly tenants: TenantsModule;
  readonly guardrails: GuardrailsModule;
  readonly keys: KeysModule;
  readonly decisions: DecisionsModule;
  /** Reads into memory what decisions of the tenant need, and follows it from then on. */
  readonly open: (tenantId: string) => Promise<void>;
  /** Writes what waits to be written, and ends what runs in the background. */
  readonly close: () => Promise<void>;
}

const copiesKept = 20_000;
/** Where the database is that slow, what follows from a decision need not wait for it any longer. */
const loggedWithinMs = 1000;

type Failed = (what: string) => (error: unknown) => void;

interface Carriers {
  readonly bus: Bus;
  readonly online: OnlineStore;
  readonly memberSets: MemberSets | undefined;
  readonly stream: EventStream;
}

/** What is in Redis where there is one, and in this process otherwise. */
function carriers(stores: Stores, metrics: Metrics, failed: Failed): Carriers {
  const made = carriersOf(stores, failed);
  const { stream } = made;
  metrics.watch('attune_event_stream_waiting', 'Words of new events that nobody has finished with', () => stream.lag.waiting);
  metrics.watch('attune_event_stream_age_ms', 'Milliseconds that the events last handled had waited', () => stream.lag.ageMs);
  metrics.watch('attune_event_stream_dropped', 'Customers whose events were left to the sweep since the start', () => stream.lag.dropped);
  return made;
}

function carriersOf({ redis, pool }: Stores, failed: Failed): Carriers {
  const notStreamed = failed('what follows from events is late; it is tried again');
  if (redis === undefined) {
    return { bus: new MemoryBus(failed('a subscriber of the bus failed')), online: new MemoryOnlineStore(), memberSets: undefined, stream: new MemoryEventStream({ onFailure: notStreamed }) };
  }
  const processId = uuidv7(systemClock.now());
  return {
    bus: new RedisBus({ ...redis, processId, onFailure: failed('a message of the bus was lost') }),
    online: new RedisOnlineStore(redis.commands),
    memberSets: new RedisMemberSets(redis.commands),
    stream: new RedisEventStream({ ...redis, processId, nameOf: () => databaseName(pool), onFailure: notStreamed }),
  };
}

/** Loads models where they change; what it returns loads those of a snapshot. */
function keepWarm(decisions: DecisionsModule, runtime: RuntimeModule): (snapshot: Snapshot) => Promise<void> {
  const warm = ({ tenantId, models }: Snapshot): Promise<void> => runtime.warm(tenantId, Array.from(models.values(), it => it.model));
  decisions.snapshots.onChange((snapshot, change) => {
    if (change?.subjects.some(({ kind }) => kind === 'model') !== false) void warm(snapshot);
  });
  return warm;
}

/** Puts the features together: one line for each. */
export function createApp(config: Config, { pool, prisma, redis, elasticsearch }: Stores, metrics: Metrics, logger: Logger): App {
  const clock = systemClock;
  const failed: Failed = what => error => { logger.warn({ err: error }, what); };
  const { bus, online, memberSets, stream } = carriers({ pool, prisma, redis }, metrics, failed);

  const tenants = tenantsModule({ pool, prisma, bus, onUnannounced: failed('a change of the configuration could not be announced') });
  const keys = keysModule({ pool, config });
  const definitions = keys.blinded(tenants.definitions);
  const { blindsOf, hashing } = keys;
  const projected = projection({ pool, bus, clock, definitions, online, memberSets, blindsOf, onFailure: failed('customers could not be projected; it is tried again') });
  const { changed } = projected;
  const records = new OnlineRecords({ store: online, source: projected.source, onFailure: failed('an online record could not be read'), copies: redis === undefined ? 0 : copiesKept, now: () => clock.now() });
  const customers = customersModule({ pool, keys, bus, online, clock, definitions, records, changed, erased: projected.erased, elsewhere: customerDecisions, logged: () => logged(decisions), isIndexed: elasticsearch !== undefined, onFailure: failed('keys could not be wrapped anew; ask again') });
  const featureDefinitions = featureDefinitionsModule({ definitions });
  const features = featuresModule({ pool, bus, definitions, hold: keys.hold, clock, records, recordById: customers.recordById, changed, live: it => projected.live(it), onFailure: failed('customers could not be recounted') });
  const events = eventsModule({ pool, bus, clock, definitions, hashing, countingOf: projected.countingOf, stream, keptDays: config.eventDays, onFailure: failed('what events have could not be noted') });
  const segmentDefinitions = segmentDefinitionsModule({ definitions });
  const segments = segmentsModule({ pool, bus, clock, elasticsearch, held: memberSets && { online, memberSets }, projection: projected, segmentById: segmentDefinitions.segmentById, customerById: customers.customerById, recordById: customers.recordById, onFailure: failed('segments could not be kept in order; it is tried again') });
  const content = contentModule({ definitions });
  const rules = rulesModule({ definitions });
  const experiments = experimentsModule({ definitions, placementById: content.placementById });
  const artifacts = modelArtifacts(pool);
  const runtime = runtimeModule({ pool, bus, artifacts, threads: config.modelWorkers, inPlaceMicroseconds: config.modelInPlaceMicroseconds, onFailure: failed('a model could not be run') });
  const models = modelsModule({ definitions, artifacts, inspect: runtime.inspect });
  const decisions = decisionsModule({
    pool, bus, clock, logger, metrics, config, definitions, blindsOf, hashing, customers: records, customerById: customers.customerById, scorer: runtime.scorer, posteriors: runtime.posteriors, onLearned: runtime.onLearned,
  });
  const learning = learningModule({ pool, bus, logger, snapshots: decisions.snapshots });
  const guardrails = guardrailsModule({ pool, bus, clock, logger, metrics, features });
  const trainingSets = trainingSetModule({ pool, pointInTime: features.pointInTime, snapshots: decisions.snapshots });
  const outcomes = outcomesModule({ pool, decisions: decisions.log, presentIds: customers.presentIds, metrics, onAccepted: tenantId => { learning.learner.wake(tenantId); } });

  const warm = keepWarm(decisions, runtime);
  for (const it of [learning.learner, features.jobs, guardrails.watch]) it.start();
  stream.start(projected.refresh);
  return {
    resolvers: [
      tenants, customers, featureDefinitions, features, events, segmentDefinitions, segments, content, rules, experiments, models, decisions, importModule(pool, hashing), outcomes, learning, guardrails,
    ].flatMap(it => it.resolvers),
    routes: [events, segments, decisions, outcomes, trainingSets].flatMap(it => it.routes),
    tenants, guardrails, keys,
    decisions,
    async open(tenantId) {
      const [snapshot] = await Promise.all([decisions.snapshots.load(tenantId), projected.follow(tenantId), runtime.open(tenantId)]);
      await warm(snapshot);
    },
    async close() {
      decisions.feed.close();
      decisions.snapshots.close();
      await Promise.all([guardrails.watch.stop(), segments.stop(), events.stop()]);
      await Promise.all([stream.close(), features.close()]);
      await projected.stop();
      await learning.learner.stop();
      await writeDecisions(decisions, config, logger);
      await runtime.close();
      await bus.close();
    },
  };
}

function logged({ log }: DecisionsModule): Promise<void> {
  return Promise.race([log.flush(), sleep(loggedWithinMs, undefined, { ref: false })]);
}

async function writeDecisions({ log }: DecisionsModule, { stopGraceMs }: Config, logger: Logger): Promise<void> {
  const lost = await log.close(stopGraceMs);
  if (lost > 0) logger.error({ decisions: lost }, 'decisions that were answered could not be written before the end');
}
