import type { Pool } from 'pg';
import type { Clock } from '../kernel/clock.js';
import { mostOfAKind } from '../tenants/definition-kind.js';
import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import type { AttributeDeclarations } from './attribute.js';
import { attributes, parseAttribute } from './attribute.schema.js';
import { AttributesResolver } from './attributes.resolver.js';
import { PostgresConsents } from './consents.postgres.js';
import { ConsentsResolver } from './consents.resolver.js';
import type { CustomersChanged } from './customer.js';
import { customerById, onlineRecordById, type CustomerById, type OnlineRecordById } from './customer.loader.js';
import { PostgresCustomerStore } from './customers.postgres.js';
import { CustomersResolver } from './customers.resolver.js';
import type { KeysModule } from './keys.module.js';
import { PostgresMerging } from './merging.postgres.js';
import { MergingResolver } from './merging.resolver.js';
import type { OnlineRecords } from './online-records.js';
import { PersonalAttributes } from './personal-attributes.postgres.js';
import { PersonalResolver } from './personal.resolver.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
  readonly recordById: OnlineRecordById;
}

export interface CustomersDeps {
  readonly pool: Pool;
  readonly keys: Pick<KeysModule, 'keyring' | 'hold'>;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly records: Pick<OnlineRecords, 'read'>;
  readonly changed: CustomersChanged;
  readonly onFailure: (error: unknown) => void;
}

export function customersModule({ pool, keys: { keyring, hold }, clock, definitions, records, changed, onFailure }: CustomersDeps): CustomersModule {
  const personal = new PersonalAttributes(pool, keyring);
  const store = new PostgresCustomerStore(pool, hold, personal);
  const byId = customerById(store);
  const recordById = onlineRecordById(records);
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
      new MergingResolver({ merging: new PostgresMerging(pool, hold, { keyring, personal }), byId, changed, clock }),
      new PersonalResolver({ personal, keyring, onFailure }),
      new ConsentsResolver({ store: new PostgresConsents(pool, hold), recordById, changed, clock }),
    ],
    customerById: byId,
    recordById,
  };
}
