import type { Pool } from 'pg';
import { InvariantViolation, LimitExceeded } from '../kernel/errors.js';
import { answered, inTransaction } from '../platform/postgres.js';
import { mergedAttributes, mostAttributes, type Attributes, type Customer, type CustomerStore, type CustomerUpsert } from './customer.js';

interface Row {
  readonly id: string;
  readonly attributes: Attributes;
  readonly created_at: Date;
  readonly updated_at: Date;
}

const findSql = 'SELECT id, attributes, created_at, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2)';
const lockSql = 'SELECT attune_lock_customers($1, $2, $3) AS id';
const setSql = 'UPDATE customers SET attributes = $3 WHERE tenant_id = $1 AND id = $2';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

export class PostgresCustomerStore implements CustomerStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async findByIds(tenantId: string, ids: readonly string[]): Promise<readonly Customer[]> {
    // PostgreSQL refuses texts with zero characters; no id has one.
    const values = [tenantId, ids.filter(id => !id.includes('\0'))];
    const { rows } = await answered(this.#pool.query<Row>({ name: 'customers-by-ids', text: findSql, values }));
    return rows.map(customerOf);
  }

  upsert(tenantId: string, { id, attributes: change }: CustomerUpsert, now: number): Promise<{ readonly customer: Customer; readonly isChanged: boolean }> {
    const at = new Date(now);
    return answered(inTransaction(this.#pool, async client => {
      const { rows: made } = await client.query(lockSql, [tenantId, [id], at]);
      const { rows: [row] } = await client.query<Row>(findSql, [tenantId, [id]]);
      if (row === undefined) throw new InvariantViolation('A customer who is held is there');
      const { attributes, changed } = mergedAttributes(row.attributes, change);
      if (Object.keys(attributes).length > mostAttributes) {
        throw new LimitExceeded(`A customer has at most ${mostAttributes} attributes`, { details: { path: '/attributes', limit: mostAttributes } });
      }
      if (changed.length === 0) return { customer: customerOf(row), isChanged: made.length > 0 };
      await client.query(setSql, [tenantId, id, JSON.stringify(attributes)]);
      await client.query(changeSql, [tenantId, changed.map(() => id), changed.map(name => `ATTRIBUTE ${name}`), at]);
      return { customer: customerOf({ ...row, attributes, updated_at: at }), isChanged: true };
    }));
  }
}

const customerOf = ({ id, attributes, created_at: createdAt, updated_at: updatedAt }: Row): Customer => ({ id, attributes, createdAt, updatedAt });
