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
import type { OnlineRecords } from './online-records.js';

export interface CustomersModule {
  readonly resolvers: readonly object[];
  readonly customerById: CustomerById;
  readonly recordById: OnlineRecordById;
}

export interface CustomersDeps {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly definitions: Definitions;
  readonly records: Pick<OnlineRecords, 'read'>;
  readonly changed: CustomersChanged;
}

export function customersModule({ pool, clock, definitions, records, changed }: CustomersDeps): CustomersModule {
  const store = new PostgresCustomerStore(pool);
  const byId = customerById(store);
  const recordById = onlineRecordById(records);
  const declared = async (tenantId: string): Promise<AttributeDeclarations> => {
    const all = await definitions.list(tenantId, 'attribute', { first: mostOfAKind });
    return new Map(all.map(({ body }) => parseAttribute(body)).map(it => [it.name, it]));
  };
  return {
    resolvers: [
      new CustomersResolver({ store, byId, changed, clock, declared }),
      new AttributesResolver(definitions, definitionListLoader(definitions, attributes)),
      new ConsentsResolver({ store: new PostgresConsents(pool), recordById, changed, clock }),
    ],
    customerById: byId,
    recordById,
  };
}
