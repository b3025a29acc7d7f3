import { randomBytes, randomUUID } from 'node:crypto';
import { graphql, type GraphQLSchema } from 'graphql';
import type { Pool } from 'pg';
import type { MemberSets } from '../../src/segments/member-sets.js';
import type { Segment } from '../../src/segments/segment.js';
import type { CustomerChanged } from '../../src/customers/customer-changed.js';
import { keysModule } from '../../src/customers/keys.module.js';
import { customersModule } from '../../src/customers/customers.module.js';
import type { OnlineRecord } from '../../src/customers/online-record.js';
import { OnlineRecords } from '../../src/customers/online-records.js';
import { MemoryOnlineStore } from '../../src/customers/online-store.memory.js';
import { MemoryEventStream } from '../../src/events/event-stream.memory.js';
import { customerDecisions } from '../../src/decisions/customer-decisions.postgres.js';
import { eventsModule } from '../../src/events/events.module.js';
import { featureDefinitionsModule } from '../../src/features/feature-definitions.module.js';
import type { FeatureDefinition } from '../../src/features/feature.js';
import { features } from '../../src/features/feature.schema.js';
import { featuresModule } from '../../src/features/features.module.js';
import type { Role } from '../../src/graphql/principal.js';
import { newRequestContext } from '../../src/graphql/request-context.js';
import { AppError } from '../../src/kernel/errors.js';
import { customerTopic } from '../../src/platform/bus.js';
import { MemoryBus } from '../../src/platform/bus.memory.js';
import { schemaOf } from '../../src/schema.js';
import { segmentDefinitionsModule } from '../../src/segments/segment-definitions.module.js';
import { segments } from '../../src/segments/segment.schema.js';
import { projection, segmentsModule, type Projection } from '../../src/segments/segments.module.js';
import { put } from '../../src/tenants/definition-kind.js';
import type { Definitions } from '../../src/tenants/definitions.js';
import { PostgresDefinitions } from '../../src/tenants/definitions.postgres.js';
import { FakeClock } from '../support/fake-clock.js';

export interface Reply {
  /** What a client reads, untyped. */
  readonly data: any; // eslint-disable-line @typescript-eslint/no-explicit-any
  readonly refusals: readonly (readonly [code: string, path: unknown])[];
}

/** An online store and a bus that can fail for a while. */
class Failing {
  readonly store = new MemoryOnlineStore();
  readonly bus = new MemoryBus(error => {
    throw error;
  });
  storeFails = false;
  truthFails = false;
  reads = 0;
  busFails = false;

  readonly online = {
    read: (...args: Parameters<MemoryOnlineStore['read']>) => {
      this.reads += 1;
      return this.store.read(...args);
    },
    write: async (...args: Parameters<MemoryOnlineStore['write']>) => {
      if (this.storeFails) throw new Error('The online store is away');
      await this.store.write(...args);
    },
    clear: (...args: Parameters<MemoryOnlineStore['clear']>) => this.store.clear(...args),
    forget: (...args: Parameters<MemoryOnlineStore['forget']>) => this.store.forget(...args),
  };
}

/** The processes of one test file share a database, and so the key. */
const masterKey = randomBytes(32).toString('base64');

/** One process that serves customer data on a real database. Several of them can share one. */
export class Shop {
  readonly pool: Pool;
  readonly clock: FakeClock;
  readonly parts = new Failing();
  readonly failures: unknown[] = [];
  readonly definitions: Definitions;
  readonly records: OnlineRecords;
  readonly projection: Projection;
  readonly stream = new MemoryEventStream({ onFailure: error => void this.failures.push(error) });
  readonly routes: ReturnType<typeof eventsModule>['routes'];
  readonly upkeep: () => Promise<void>;
  readonly #schema: Promise<GraphQLSchema>;

  constructor(pool: Pool, clock = new FakeClock(), memberSets?: MemberSets, isIndexed = false) {
    this.pool = pool;
    this.clock = clock;
    const { bus, online } = this.parts;
    const gatedBus = {
      publish: bus.publish.bind(bus),
      subscribe: bus.subscribe.bind(bus),
      close: bus.close.bind(bus),
      publishMany: async (entries: Parameters<MemoryBus['publishMany']>[0]) => {
        if (this.parts.busFails) throw new Error('The bus is away');
        await bus.publishMany(entries);
      },
    };
    const onFailure = (error: unknown): void => void this.failures.push(error);
    const keys = keysModule({ pool, config: { masterKeys: [masterKey], masterKeyFile: undefined, dataFolder: '' } });
    this.definitions = keys.blinded(new PostgresDefinitions(pool, bus, onFailure));
    const { definitions } = this;
    const { blindsOf } = keys;
    this.projection = projection({ pool, bus: gatedBus, clock, definitions, online, memberSets, blindsOf, onFailure });
    const { changed } = this.projection;
    this.records = new OnlineRecords({ store: online, source: { load: async (...of) => (this.parts.truthFails ? Promise.reject(new Error('The truth is away')) : this.projection.source.load(...of)) }, onFailure, copies: 100, now: () => clock.now() });
    const { records } = this;
    const customers = customersModule({ pool, keys, bus, online, clock, definitions, records, changed, erased: this.projection.erased, elsewhere: customerDecisions, logged: async () => undefined, isIndexed, onFailure });
    const values = featuresModule({ pool, bus, definitions, hold: keys.hold, clock, records, recordById: customers.recordById, changed, live: it => this.projection.live(it), onFailure });
    this.stream.start(this.projection.refresh);
    const events = eventsModule({ pool, bus, clock, definitions, hashing: keys.hashing, countingOf: this.projection.countingOf, stream: this.stream, keptDays: 732, onFailure });
    const segmentDefinitions = segmentDefinitionsModule({ definitions });
    const members = segmentsModule({
      pool, bus: gatedBus, clock, elasticsearch: undefined, held: memberSets && { online, memberSets }, projection: this.projection, onFailure,
      segmentById: segmentDefinitions.segmentById, customerById: customers.customerById, recordById: customers.recordById,
    });
    this.routes = events.routes;
    this.upkeep = () => members.upkeep();
    this.#schema = schemaOf([customers, values, events, featureDefinitionsModule({ definitions }), segmentDefinitions, members].flatMap(it => it.resolvers));
  }

  async newTenant(): Promise<string> {
    const id = randomUUID();
    await this.pool.query('INSERT INTO tenants (id, name) VALUES ($1, $1)', [id]);
    return id;
  }

  async define(tenantId: string, what: { readonly features?: readonly FeatureDefinition[]; readonly segments?: readonly Segment[] }): Promise<void> {
    await this.definitions.change(tenantId, 'test', [
      ...(what.features ?? []).map(it => put(features, it.name, it)),
      ...(what.segments ?? []).map(it => put(segments, it.id, it)),
    ]);
  }

  async ask(tenantId: string, source: string, variables: Readonly<Record<string, unknown>> = {}, role: Role = 'server'): Promise<Reply> {
    const principal = { tenantId, role, keyId: 'key', ...(role === 'browser' && { customerId: 'ada' }) };
    const { data, errors = [] } = await graphql({
      schema: await this.#schema, source, variableValues: variables, contextValue: newRequestContext(principal),
    });
    const refusals = errors.map(error => {
      if (!(error.originalError instanceof AppError)) throw error.originalError ?? error;
      return [error.originalError.code, error.originalError.details['path']] as const;
    });
    return { data: JSON.parse(JSON.stringify(data ?? null)), refusals };
  }

  /** Sets values of the time that the clock says, unless another is given. Answers with the number of changed customers. */
  async setFeatures(tenantId: string, customers: readonly object[]): Promise<number> {
    const { data, refusals } = await this.trySetFeatures(tenantId, customers);
    if (refusals.length > 0) throw new Error(refusals.join());
    return Number(data.setFeatures.changedCustomers);
  }

  trySetFeatures(tenantId: string, customers: readonly object[], role: Role = 'server'): Promise<Reply> {
    return this.ask(tenantId, 'mutation($input: SetFeaturesInput!) { setFeatures(input: $input) { changedCustomers } }', { input: { customers } }, role);
  }

  async upsert(tenantId: string, id: string, attributes: object): Promise<Reply> {
    return this.ask(tenantId, 'mutation($input: UpsertCustomerInput!) { upsertCustomer(input: $input) { customer { attributes } } }', { input: { id, attributes } });
  }

  /** Resolves when what follows from the events is there, too. */
  async ingest(tenantId: string, events: readonly object[]): Promise<Reply> {
    const fields = 'accepted duplicates rejected results { id status code pointer expected got }';
    const reply = await this.ask(tenantId, `mutation($input: [EventInput!]!) { it: ingestEvents(input: $input) { ${fields} } }`, { input: events });
    await this.settled(tenantId);
    return reply;
  }

  /** Resolves when nothing of the tenant's customers is still to be worked out. */
  async settled(tenantId: string): Promise<void> {
    const isBehind = async (): Promise<boolean> =>
      (await this.pool.query('SELECT FROM customers WHERE tenant_id = $1 AND projected_version < version LIMIT 1', [tenantId])).rowCount === 1;
    for (let i = 0; await isBehind(); i++) {
      if (i === 500) throw new Error('The customers are not settled');
      await new Promise(resolve => setTimeout(resolve, 10));
    }
  }

  async truth(tenantId: string, customerId: string): Promise<OnlineRecord | undefined> {
    return (await this.projection.source.load(tenantId, [customerId]))[0];
  }

  async online(tenantId: string, customerId: string): Promise<OnlineRecord | undefined> {
    return this.parts.store.read(tenantId, [customerId])[0];
  }

  /** What is announced of the customer from now on. */
  async listen(tenantId: string, customerId: string): Promise<CustomerChanged[]> {
    const heard: CustomerChanged[] = [];
    await this.parts.bus.subscribe(customerTopic(tenantId, customerId), event => {
      if (event.kind === 'message') heard.push(event.message as unknown as CustomerChanged);
    });
    return heard;
  }

  /** Values of the customer's features, by name. */
  async values(tenantId: string, customerId: string): Promise<Record<string, unknown>> {
    const record = await this.truth(tenantId, customerId);
    return Object.fromEntries(Object.entries(record?.features ?? {}).map(([name, { value }]) => [name, value]));
  }
}

const hourMs = 3_600_000;

export const number = (name: string, more: Partial<FeatureDefinition> = {}): FeatureDefinition => ({ name, description: '', valueType: 'number', ttlMs: hourMs, ...more });

export const dynamic = (id: string, condition: Segment['condition']): Segment => ({ id, name: id, description: '', condition });
export const byHand = (id: string): Segment => ({ id, name: id, description: '' });
export const above = (name: string, value: number): NonNullable<Segment['condition']> => ({ feature: { name, operator: 'greaterThan', value } });
