import type { Pool, PoolClient } from 'pg';
import { InvariantViolation, LimitExceeded } from '../kernel/errors.js';
import { answered, inTransaction } from '../platform/postgres.js';
import { mostAttributes, withFacts, type Attributes, type Customer, type CustomerStore, type CustomerUpsert } from './customer.js';
import type { HoldCustomers } from './held-customers.postgres.js';
import type { PersonalAttributes } from './personal-attributes.postgres.js';
import { maskedAttributes, sealedAfter } from './sealed-attributes.js';

interface Row {
  readonly id: string;
  readonly asked: string;
  readonly attributes: Attributes;
  readonly attribute_times: Readonly<Record<string, number>>;
  readonly sealed: Readonly<Record<string, string>>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const findSql = `
  SELECT asked.id AS asked, c.id, attributes, attribute_times, sealed, created_at, updated_at
  FROM unnest($2::text[]) AS asked(id)
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = asked.id
  JOIN customers c ON c.tenant_id = $1 AND c.id = COALESCE(a.customer_id, asked.id)`;
const setSql = 'UPDATE customers SET attributes = $3, attribute_times = $4, sealed = $5 WHERE tenant_id = $1 AND id = $2';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

export class PostgresCustomerStore implements CustomerStore {
  readonly #pool: Pool;
  readonly #hold: HoldCustomers;
  readonly #personal: Pick<PersonalAttributes, 'sealed'>;

  constructor(pool: Pool, hold: HoldCustomers, personal: Pick<PersonalAttributes, 'sealed'>) {
    this.#pool = pool;
    this.#hold = hold;
    this.#personal = personal;
  }

  async findByIds(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, Customer>> {
    // PostgreSQL refuses texts with zero characters; no id has one.
    const values = [tenantId, ids.filter(id => !id.includes('\0'))];
    const { rows } = await answered(this.#pool.query<Row>({ name: 'customers-by-ids', text: findSql, values }));
    return new Map(rows.map(row => [row.asked, customerOf(row)]));
  }

  upsert(tenantId: string, { id: asked, attributes: change, at: factAt }: CustomerUpsert, now: number): ReturnType<CustomerStore['upsert']> {
    return answered(inTransaction(this.#pool, async client => {
      const held = await this.#hold(client, tenantId, [asked], now);
      const id = held.idOf(asked);
      const row = await rowOf(client, tenantId, id);
      const facts = await this.#personal.sealed(client, { tenantId, customerId: id }, Object.entries(change).map(([name, value]) => ({ name, value, at: factAt })));
      const before = { attributes: row.attributes, times: row.attribute_times, sealed: row.sealed };
      const after = withFacts(before, facts, now);
      if (Object.keys(after.attributes).length > mostAttributes) {
        throw new LimitExceeded(`A customer has at most ${mostAttributes} attributes`, { details: { path: '/attributes', limit: mostAttributes } });
      }
      const sealed = sealedAfter(before, after, facts);
      const { attributes, times, changed } = after;
      const at = new Date(now);
      await client.query(setSql, [tenantId, id, JSON.stringify(attributes), JSON.stringify(times), JSON.stringify(sealed)]);
      if (changed.length > 0) await client.query(changeSql, [tenantId, changed.map(() => id), changed.map(name => `ATTRIBUTE ${name}`), at]);
      const isChanged = changed.length + held.made.length > 0;
      return { customer: customerOf({ ...row, attributes, sealed, updated_at: isChanged ? at : row.updated_at }), isChanged };
    }));
  }
}

async function rowOf(client: PoolClient, tenantId: string, id: string): Promise<Row> {
  const { rows: [row] } = await client.query<Row>(findSql, [tenantId, [id]]);
  if (row === undefined) throw new InvariantViolation('A customer who is held is there');
  return row;
}

const customerOf = ({ id, attributes, sealed, created_at: createdAt, updated_at: updatedAt }: Row): Customer =>
  ({ id, attributes: maskedAttributes({ attributes, sealed }), createdAt, updatedAt });
