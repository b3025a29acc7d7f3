import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.js';
import type { Json } from '../kernel/json.js';
import { customerTopic, erasureTopic, type Bus } from '../platform/bus.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import type { AttributeDeclarations } from './attribute.js';
import { attributes, parseAttribute } from './attribute.schema.js';
import { AttributesResolver } from './attributes.resolver.js';
import { PostgresConsents } from './consents.postgres.js';
import { ConsentsResolver } from './consents.resolver.js';
import type { CustomerChanged } from './customer-changed.js';
import type { CustomersChanged, PresentIds } from './customer.js';
import { customerById, onlineRecordById, type CustomerById, type OnlineRecordById } from './customer.loader.js';
import { PostgresCustomerStore } from './customers.postgres.js';
import { CustomersResolver } from './customers.resolver.js';
import { PostgresErasure, type HeldElsewhere } from './erasure.postgres.js';
import { ErasureResolver } from './erasure.resolver.js';
import type { KeysModule } from './keys.module.js';
import { PostgresMerging } from './merging.postgres.js';
import { MergingResolver } from './merging.resolver.js';
import { strangerRecord } from './online-record.js';
import type { OnlineStore } from './online-store.js';
import type { OnlineRecords } from './online-records.js';
import { PersonalAttributes } from './personal-attributes.postgres.js';
import { PersonalResolver } from './personal.resolver.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
  readonly recordById: OnlineRecordById;
  readonly presentIds: PresentIds;
}

export interface CustomersDeps {
  readonly pool: Pool;
  readonly keys: Pick<KeysModule, 'keyring' | 'hold'>;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly bus: Pick<Bus, 'publishMany' | 'subscribe'>;
  readonly online: Pick<OnlineStore, 'write'>;
  readonly records: Pick<OnlineRecords, 'read' | 'forget' | 'forgetAll'>;
  readonly elsewhere: HeldElsewhere;
  /** Resolves when what this process has decided is in the log. */
  readonly logged: () => Promise<void>;
  readonly changed: CustomersChanged;
  /** Takes ids of customers who are erased out of what else is made from them outside of the database; told what was known of them. */
  readonly erased: (tenantId: string, customerIds: readonly string[], changes: CustomerChanged['changes']) => Promise<void>;
  /** Whether the customers are in a search index. */
  readonly isIndexed: boolean;
  readonly onFailure: (error: unknown) => void;
}

export function customersModule(deps: CustomersDeps): CustomersModule {
  const { pool, keys: { keyring, hold }, clock, definitions, records, changed, onFailure } = deps;
  const personal = new PersonalAttributes(pool, keyring);
  const store = new PostgresCustomerStore(pool, hold, personal);
  const byId = customerById(store);
  const recordById = onlineRecordById(records);
  followErasures(deps);
  const declared = async (tenantId: string): Promise<AttributeDeclarations> => {
    const all = await definitions.list(tenantId, 'attribute', { first: mostOfAKind });
    return new Map(all.map(({ body }) => parseAttribute(body)).map(it => [it.name, it]));
  };
  const sealAll = async (tenantId: string, name: string): Promise<void> => {
    for await (const ids of personal.sealAll(tenantId, name, clock.now())) await changed(tenantId, ids);
  };
  return {
    resolvers: [
      new CustomersResolver({ store, byId, changed, clock, declared }),
      new AttributesResolver({ definitions, all: definitionListLoader(definitions, attributes), sealAll }),
      new MergingResolver({ merging: new PostgresMerging(pool, hold, { keyring, personal, logged: deps.logged }), byId, changed, clock }),
      erasureResolver(deps, personal),
      new PersonalResolver({ personal, keyring, onFailure }),
      new ConsentsResolver({ store: new PostgresConsents(pool, hold), recordById, changed, clock }),
    ],
    customerById: byId,
    recordById,
    presentIds: async (tenantId, ids) => new Map([...(await store.findByIds(tenantId, ids))].map(([asked, it]) => [asked, it.id])),
  };
}

/** Told to all processes. */
interface ErasedIds {
  readonly tenantId: string;
  readonly ids: readonly string[];
}

/** Drops the copies of who is erased by any process; and all, where word of some may have been missed. */
function followErasures({ bus, records, onFailure }: CustomersDeps): void {
  bus.subscribe(erasureTopic, event => {
    if (event.kind === 'gap') records.forgetAll();
    else {
      const { tenantId, ids } = event.message as unknown as ErasedIds;
      records.forget(tenantId, ids);
    }
  }).catch(onFailure);
}

/** Newer than all that anybody may still be about to write of the customer. */
const lastVersion = Number.MAX_SAFE_INTEGER;

function erasureResolver({ pool, keys: { keyring, hold }, clock, bus, online, records, erased, elsewhere, isIndexed, onFailure }: CustomersDeps, personal: PersonalAttributes): ErasureResolver {
  const erasure = new PostgresErasure({
    pool, hold, keyring, personal, elsewhere,
    async forget(tenantId, ids, changes) {
      await online.write(tenantId, ids.map(id => ({ ...strangerRecord(id), version: lastVersion })));
      records.forget(tenantId, ids);
      await erased(tenantId, ids, changes);
    },
  });
  return new ErasureResolver({
    erasure,
    clock,
    async erased(tenantId, done) {
      const { ids, changes, receipt } = done;
      if (ids.length > 0) {
        // Once more: what read the customer before the commit may have put them back.
        await erased(tenantId, ids, changes).catch(onFailure);
        const changedAt = receipt.erasedAt.getTime();
        const messages = ids.map((customerId): CustomerChanged => ({ customerId, version: lastVersion, changes, changedAt }));
        await bus.publishMany([
          { topic: erasureTopic, message: { tenantId, ids } satisfies ErasedIds },
          ...messages.map(it => ({ topic: customerTopic(tenantId, it.customerId), message: it as unknown as Json })),
        ]).catch(onFailure);
      }
      if (isIndexed) await erasure.unindexed(tenantId, receipt);
    },
  });
}
