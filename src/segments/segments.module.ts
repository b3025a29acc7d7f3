import type { Pool } from 'pg';
import type { CustomersChanged } from '../customers/customer.js';
import type { CustomerById } from '../customers/customer.loader.js';
import type { OnlineRecords, OnlineRecordSource } from '../customers/online-records.js';
import type { OnlineStore } from '../customers/online-store.js';
import { parseFeature } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import type { Clock } from '../kernel/clock.js';
import type { Json } from '../kernel/json.js';
import { configTopic, customerTopic, type Bus } from '../platform/bus.js';
import type { ConfigurationChanged, Definitions } from '../tenants/definitions.js';
import { CompiledSegments } from './compiled-segments.js';
import { PostgresMembershipStore } from './memberships.postgres.js';
import { Projector } from './projector.js';
import { CustomerSegmentsResolver, SegmentMembersResolver, type SegmentIdsByCustomer } from './segment-members.resolver.js';
import { parseSegment } from './segment.schema.js';
import type { Segment } from './segment.js';

export interface ProjectionDeps {
  readonly pool: Pool;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly online: OnlineStore;
  readonly onFailure: (error: unknown) => void;
}

export interface Projection {
  readonly changed: CustomersChanged;
  readonly source: OnlineRecordSource;
  readonly memberships: PostgresMembershipStore;
  /** Keeps the tenant's memberships by its segments from now on, whoever changes them. */
  follow(tenantId: string): Promise<void>;
  stop(): void;
}

const sweepMs = 2000;

function once<T>(work: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const done = new Map<string, Promise<T>>();
  return key => {
    const it = done.get(key) ?? work(key);
    done.set(key, it);
    return it;
  };
}

/** Apart from the module: everything upstream that changes customers calls it. */
export function projection({ pool, bus, clock, definitions, online, onFailure }: ProjectionDeps): Projection {
  const memberships = new PostgresMembershipStore(pool);
  const compiled = new Map<string, Promise<CompiledSegments>>();
  const compile = async (tenantId: string): Promise<CompiledSegments> => {
    const { definitions: all } = await definitions.read(tenantId);
    const bodies = (kind: 'segment' | 'feature'): readonly Json[] => all.filter(it => it.kind === kind).map(it => it.body);
    return new CompiledSegments(bodies('segment').map(parseSegment), bodies('feature').map(parseFeature));
  };
  const follow = once((tenantId: string) =>
    bus.subscribe(configTopic(tenantId), event => {
      const change = event.kind === 'message' ? (event.message as unknown as ConfigurationChanged) : undefined;
      if (change?.subjects.every(({ kind }) => kind !== 'segment' && kind !== 'feature') === true) return;
      compiled.delete(tenantId);
      void projector.reevaluate(tenantId);
    }),
  );
  const projector: Projector = new Projector({
    memberships,
    online,
    async segmentsOf(tenantId) {
      await follow(tenantId);
      const segments = compiled.get(tenantId) ?? compile(tenantId);
      compiled.set(tenantId, segments);
      segments.catch(() => compiled.delete(tenantId));
      return segments;
    },
    announce: (tenantId, changes) =>
      bus.publishMany(changes.map(change => ({ topic: customerTopic(tenantId, change.customerId), message: change as unknown as Json }))),
    now: () => clock.now(),
    onFailure,
  });
  const sweep = setInterval(() => void projector.catchUp().catch(onFailure), sweepMs).unref();
  return {
    changed: (tenantId, ids) => (ids.length === 0 ? Promise.resolve() : projector.project(tenantId, ids)),
    source: memberships,
    memberships,
    follow: async tenantId => { await follow(tenantId); },
    stop: () => { clearInterval(sweep); },
  };
}

export interface SegmentsDeps {
  readonly projection: Projection;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly customerById: CustomerById;
  readonly customers: Pick<OnlineRecords, 'read'>;
}

const patienceMs = 5000;

export function segmentsModule({ projection: { memberships, changed }, segmentById, customerById, customers }: SegmentsDeps): { readonly resolvers: readonly object[] } {
  const idsByCustomer: SegmentIdsByCustomer = {
    name: 'segments of a customer',
    loadMany: async (ids, tenantId) => (await customers.read(tenantId, ids, patienceMs)).map(it => it.record?.segments ?? []),
  };
  return {
    resolvers: [
      new SegmentMembersResolver({ memberships, segmentById, customerById, changed }),
      new CustomerSegmentsResolver(idsByCustomer, segmentById),
    ],
  };
}
