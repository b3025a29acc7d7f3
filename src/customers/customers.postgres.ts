import type { Pool } from 'pg';
import { InvariantViolation, LimitExceeded } from '../kernel/errors.js';
import { answered, inTransaction } from '../platform/postgres.js';
import { mostAttributes, withFacts, type Attributes, type Customer, type CustomerStore, type CustomerUpsert } from './customer.js';
import { holdCustomers } from './held-customers.postgres.js';

interface Row {
  readonly id: string;
  readonly asked: string;
  readonly attributes: Attributes;
  readonly attribute_times: Readonly<Record<string, number>>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const findSql = `
  SELECT asked.id AS asked, c.id, attributes, attribute_times, created_at, updated_at
  FROM unnest($2::text[]) AS asked(id)
  LEFT JOIN customer_aliases a ON a.tenant_id = $1 AND a.alias = asked.id
  JOIN customers c ON c.tenant_id = $1 AND c.id = COALESCE(a.customer_id, asked.id)`;
const setSql = 'UPDATE customers SET attributes = $3, attribute_times = $4 WHERE tenant_id = $1 AND id = $2';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

export class PostgresCustomerStore implements CustomerStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async findByIds(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, Customer>> {
    // PostgreSQL refuses texts with zero characters; no id has one.
    const values = [tenantId, ids.filter(id => !id.includes('\0'))];
    const { rows } = await answered(this.#pool.query<Row>({ name: 'customers-by-ids', text: findSql, values }));
    return new Map(rows.map(row => [row.asked, customerOf(row)]));
  }

  upsert(tenantId: string, { id: asked, attributes: change, at: factAt }: CustomerUpsert, now: number): Promise<{ readonly customer: Customer; readonly isChanged: boolean }> {
    const at = new Date(now);
    return answered(inTransaction(this.#pool, async client => {
      const held = await holdCustomers(client, tenantId, [asked], now);
      const id = held.idOf(asked);
      const { rows: [row] } = await client.query<Row>(findSql, [tenantId, [id]]);
      if (row === undefined) throw new InvariantViolation('A customer who is held is there');
      const facts = Object.entries(change).map(([name, value]) => ({ name, value, at: factAt }));
      const { attributes, times, changed } = withFacts({ attributes: row.attributes, times: row.attribute_times }, facts, now);
      if (Object.keys(attributes).length > mostAttributes) {
        throw new LimitExceeded(`A customer has at most ${mostAttributes} attributes`, { details: { path: '/attributes', limit: mostAttributes } });
      }
      await client.query(setSql, [tenantId, id, JSON.stringify(attributes), JSON.stringify(times)]);
      if (changed.length === 0) return { customer: customerOf(row), isChanged: held.made.length > 0 };
      await client.query(changeSql, [tenantId, changed.map(() => id), changed.map(name => `ATTRIBUTE ${name}`), at]);
      return { customer: customerOf({ ...row, attributes, updated_at: at }), isChanged: true };
    }));
  }
}

const customerOf = ({ id, attributes, created_at: createdAt, updated_at: updatedAt }: Row): Customer => ({ id, attributes, createdAt, updatedAt });
