import type { Pool } from 'pg';
import type { Customer, CustomerStore } from './customer.js';
import type { FeatureValue } from './online-record.js';

interface Row {
  readonly id: string;
  readonly attributes: Record<string, FeatureValue>;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export class PostgresCustomerStore implements CustomerStore {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async findByIds(tenantId: string, ids: readonly string[]): Promise<readonly Customer[]> {
    const { rows } = await this.#pool.query<Row>({
      name: 'customers-by-ids',
      text: 'SELECT id, attributes, created_at, updated_at FROM customers WHERE tenant_id = $1 AND id = ANY($2)',
      values: [tenantId, ids],
    });
    return rows.map(customerOf);
  }

  async upsert(tenantId: string, id: string, attributes: Readonly<Record<string, FeatureValue | null>>): Promise<Customer> {
    const { rows: [row] } = await this.#pool.query<Row>({
      name: 'customer-upsert',
      text: `INSERT INTO customers AS c (tenant_id, id, attributes) VALUES ($1, $2, jsonb_strip_nulls($3::jsonb))
             ON CONFLICT (tenant_id, id) DO UPDATE SET
               attributes = jsonb_strip_nulls(c.attributes || $3::jsonb),
               version = c.version + CASE WHEN jsonb_strip_nulls(c.attributes || $3::jsonb) = c.attributes THEN 0 ELSE 1 END,
               updated_at = now()
             RETURNING id, attributes, created_at, updated_at`,
      values: [tenantId, id, JSON.stringify(attributes)],
    });
    if (row === undefined) throw new Error('An upsert answers with its row');
    return customerOf(row);
  }
}

const customerOf = ({ id, attributes, created_at: createdAt, updated_at: updatedAt }: Row): Customer => ({ id, attributes, createdAt, updatedAt });
