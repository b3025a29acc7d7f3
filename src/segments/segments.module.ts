import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { personalAmong } from '../customers/attribute.js';
import { parseAttribute } from '../customers/attribute.schema.js';
import type { CustomerChanged } from '../customers/customer-changed.js';
import type { BlindsOf } from '../customers/keys.module.js';
import type { CustomersChanged } from '../customers/customer.js';
import type { CustomerById, OnlineRecordById } from '../customers/customer.loader.js';
import type { OnlineRecordSource } from '../customers/online-records.js';
import type { OnlineStore } from '../customers/online-store.js';
import type { Counting } from '../events/event.js';
import type { FeatureDefinition } from '../features/feature.js';
import { parseFeature } from '../features/feature.schema.js';
import { recount } from '../features/recount.postgres.js';
import type { HttpRoutes } from '../graphql/http-route.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import type { Clock } from '../kernel/clock.js';
import type { Json } from '../kernel/json.js';
import { configTopic, customerTopic, segmentTopic, type Bus, type Unsubscribe } from '../platform/bus.js';
import type { Elasticsearch } from '../platform/elasticsearch.js';
import { Repeated } from '../platform/repeated.js';
import type { ConfigurationChanged, Definitions } from '../tenants/definitions.js';
import { behaviourCounts, kindsThatAsk } from './behaviour-counts.js';
import { CompiledSegments } from './compiled-segments.js';
import { CustomerSegmentsResolver } from './customer-segments.resolver.js';
import { ListedMemberships } from './listed-memberships.js';
import { MemberLists } from './member-lists.js';
import { lastVersion, type MemberSets } from './member-sets.js';
import { PostgresMemberships } from './memberships.postgres.js';
import { PostgresProjectionStore } from './projection.postgres.js';
import { Projector } from './projector.js';
import { redisRebuild } from './rebuild/redis-rebuild.js';
import { RebuildResolver } from './rebuild/rebuild.resolver.js';
import { Rebuilds } from './rebuild/rebuild.js';
import { SegmentChangesResolver } from './segment-changes.resolver.js';
import { movesBySegment } from './segment-change.js';
import { segmentMembersRoutes } from './segment-members.http.js';
import { SegmentMembersResolver } from './segment-members.resolver.js';
import { customerIndexing } from './search/customer-indexing.module.js';
import { PostgresCustomerSearch } from './search/customer-search.postgres.js';
import { SegmentSearch } from './search/segment-search.js';
import { SegmentSearchResolver } from './search/segment-search.resolver.js';
import { explainModule } from './explain/explain.module.js';
import { parseSegment } from './segment.schema.js';
import type { Segment } from './segment.js';

export interface ProjectionDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly online: OnlineStore;
  /** Where there is Redis. */
  readonly memberSets: MemberSets | undefined;
  readonly blindsOf: BlindsOf;
  readonly onFailure: (error: unknown) => void;
}

export interface Projection {
  readonly changed: CustomersChanged;
  /** As `changed`, but rejects where it failed. */
  readonly refresh: CustomersChanged;
  readonly source: OnlineRecordSource;
  /** Takes customers who are erased out of the segments that they were in, where members are held for listing. */
  readonly erased: (tenantId: string, customerIds: readonly string[], changes: CustomerChanged['changes']) => Promise<void>;
  /** All that is computed of the tenant's customers. */
  live(tenantId: string): Promise<readonly FeatureDefinition[]>;
  readonly countingOf: (tenantId: string) => Promise<Counting>;
  /** The tenant's segments, and what they read, as they are now. */
  segmentsOf(tenantId: string): Promise<CompiledSegments>;
  /** Applies the tenant's segments to its customers whenever they change, without waiting for the next sweep. */
  follow(tenantId: string): Promise<void>;
  /** Puts right what failed or was cut off before; also done at the start and every second. */
  sweep(): Promise<void>;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

const sweepMs = 1000;
const countsEveryMs = 10_000;
const forgetEveryMs = 60_000;
const lookEveryMs = 100;

/** Apart from the module: everything upstream that changes customers calls it. */
export function projection(deps: ProjectionDeps): Projection {
  const { pool, bus, clock, online, memberSets, onFailure } = deps;
  const store = new PostgresProjectionStore(pool, recount);
  const compiled = new SegmentsInUse(deps, tenantId => void projector.applySegments(tenantId));
  const projector = new Projector({
    store,
    online,
    members: memberSets,
    segmentsOf: (tenantId, isStale) => compiled.get(tenantId, isStale),
    announce: (tenantId, changes, moves) => bus.publishMany([
      ...changes.map(change => ({ topic: customerTopic(tenantId, change.customerId), message: change as unknown as Json })),
      ...movesBySegment(moves).map(moved => ({ topic: segmentTopic(tenantId, moved.segmentId), message: moved as unknown as Json })),
    ]),
    now: () => clock.now(),
    onFailure,
  });
  let sweeping: Promise<void> | undefined;
  const sweep = (): void => {
    sweeping ??= projector.sweep().finally(() => { sweeping = undefined; });
  };
  const timer = setInterval(sweep, sweepMs).unref();
  sweep();
  return {
    changed: async (tenantId, ids) => {
      if (ids.length > 0) await projector.project(tenantId, ids);
    },
    refresh: (tenantId, ids) => projector.refresh(tenantId, ids),
    source: store,
    erased: async (tenantId, ids, changes) => {
      const facts = changes.filter(it => it.kind === 'SEGMENT').flatMap(({ name: segmentId }) => ids.map(customerId => ({ segmentId, customerId, isMember: false, version: lastVersion })));
      if (facts.length > 0) await memberSets?.write(tenantId, facts);
    },
    live: async tenantId => (await compiled.get(tenantId, false)).recounted,
    countingOf: async tenantId => (await compiled.get(tenantId, false)).counting,
    segmentsOf: tenantId => compiled.get(tenantId, false),
    follow: tenantId => compiled.follow(tenantId),
    sweep: () => projector.sweep(),
    async stop() {
      clearInterval(timer);
      compiled.stop();
      await projector.stop();
      await sweeping;
    },
  };
}

/** The compiled segments of each tenant that was asked for, until they change. */
class SegmentsInUse {
  readonly #deps: Pick<ProjectionDeps, 'bus' | 'definitions' | 'blindsOf'>;
  readonly #onChange: (tenantId: string) => void;
  readonly #compiled = new Map<string, Promise<CompiledSegments>>();
  readonly #following = new Map<string, Promise<Unsubscribe>>();

  constructor(deps: Pick<ProjectionDeps, 'bus' | 'definitions' | 'blindsOf'>, onChange: (tenantId: string) => void) {
    this.#deps = deps;
    this.#onChange = onChange;
  }

  async get(tenantId: string, isStale: boolean): Promise<CompiledSegments> {
    await this.follow(tenantId);
    const known = isStale ? undefined : this.#compiled.get(tenantId);
    if (known !== undefined) return known;
    const compiling = this.#compile(tenantId);
    this.#compiled.set(tenantId, compiling);
    compiling.catch(() => {
      if (this.#compiled.get(tenantId) === compiling) this.#compiled.delete(tenantId);
    });
    return compiling;
  }

  async follow(tenantId: string): Promise<void> {
    let following = this.#following.get(tenantId);
    if (following === undefined) {
      following = this.#deps.bus.subscribe(configTopic(tenantId), event => {
        const change = event.kind === 'message' ? (event.message as unknown as ConfigurationChanged) : undefined;
        if (change?.subjects.every(({ kind }) => !kindsThatAsk.has(kind) && kind !== 'feature' && kind !== 'attribute') === true) return;
        this.#compiled.delete(tenantId);
        this.#onChange(tenantId);
      });
      this.#following.set(tenantId, following);
      following.catch(() => this.#following.delete(tenantId));
    }
    await following;
  }

  stop(): void {
    for (const following of this.#following.values()) void following.then(unsubscribe => { unsubscribe(); }, () => undefined);
  }

  async #compile(tenantId: string): Promise<CompiledSegments> {
    const { version, definitions } = await this.#deps.definitions.read(tenantId);
    const bodies = (kind: 'segment' | 'feature' | 'attribute'): readonly Json[] => definitions.filter(it => it.kind === kind).map(it => it.body);
    const declared = bodies('attribute').map(parseAttribute);
    return new CompiledSegments(version, {
      segments: bodies('segment').map(parseSegment),
      features: bodies('feature').map(parseFeature),
      counts: behaviourCounts(definitions),
      attributes: declared,
      blind: await this.#deps.blindsOf(tenantId, personalAmong(declared)),
    });
  }
}

export interface SegmentsDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly projection: Pick<Projection, 'changed' | 'source' | 'segmentsOf'>;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly customerById: CustomerById;
  readonly recordById: OnlineRecordById;
  /** Without it, PostgreSQL is searched. */
  readonly elasticsearch: Pick<Elasticsearch, 'client'> | undefined;
  /** What is held in Redis, where there is one. */
  readonly held: { readonly online: OnlineStore; readonly memberSets: MemberSets } | undefined;
  readonly onFailure: (error: unknown) => void;
}

export interface SegmentsModule {
  readonly resolvers: readonly object[];
  readonly routes: readonly HttpRoutes[];
  /** Puts small changes of counts together; also done now and then. */
  upkeep(): Promise<void>;
  /** Resolves when nothing is under way. */
  stop(): Promise<void>;
}

export function segmentsModule({ pool, bus, clock, projection: { changed, source, segmentsOf }, onFailure, ...deps }: SegmentsDeps): SegmentsModule {
  const { segmentById, customerById, recordById, elasticsearch, held } = deps;
  const memberships = new PostgresMemberships(pool, clock);
  const listed = held && new ListedMemberships({ sets: held.memberSets, truth: memberships, onFailure });
  const lists = new MemberLists({ memberships, changed });
  const upkeep = new Repeated(countsEveryMs, () => memberships.sumUpCounts(), onFailure);
  const forgetting = held && new Repeated(forgetEveryMs, () => held.memberSets.forgetLeft(), onFailure);
  const customerIds: PostgresMemberships['customerIds'] = (...args) => memberships.customerIds(...args);
  const segmentIds = async (tenantId: string): Promise<readonly string[]> => (await segmentsOf(tenantId)).from.segments.map(it => it.id);
  const indexing = elasticsearch && customerIndexing({ pool, elasticsearch, source, customerIds, clock, onFailure });
  const rebuilds = new Rebuilds(new Map([
    ...(held === undefined || listed === undefined ? [] : [['REDIS', redisRebuild({ ...held, listed, truth: memberships, source, customerIds, segmentIds, wait: () => sleep(lookEveryMs) })] as const]),
    ...(indexing === undefined ? [] : [['ELASTICSEARCH', indexing.rebuildable] as const]),
  ]), onFailure);
  const search = new SegmentSearch({ truth: new PostgresCustomerSearch(pool), index: indexing?.index, onFailure });
  return {
    resolvers: [
      new SegmentMembersResolver({ memberships, listed: listed ?? memberships, lists, segmentById, customerById, clock }),
      new SegmentChangesResolver({ bus, segmentById, clock }),
      new CustomerSegmentsResolver(recordById, segmentById),
      new SegmentSearchResolver({ search, segmentsOf, customerById, segmentById, clock }),
      new RebuildResolver(rebuilds),
      ...explainModule({ pool, clock, source, segmentsOf, memberships, segmentById }).resolvers,
    ],
    routes: [segmentMembersRoutes({ lists, segmentById, clock })],
    upkeep: () => upkeep.now(),
    async stop() {
      await Promise.all([upkeep.stop(), forgetting?.stop(), rebuilds.stop(), indexing?.stop(), listed?.stop()]);
    },
  };
}
