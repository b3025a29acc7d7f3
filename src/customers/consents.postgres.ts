import type { Pool, PoolClient } from 'pg';
import { answered, inTransaction } from '../platform/postgres.js';
import { presentConsents, type Consents, type ConsentInput, type ConsentStatement, type ConsentStore } from './consent.js';
import type { HoldCustomers } from './held-customers.postgres.js';

interface Row {
  readonly seq: string;
  readonly purpose: string;
  readonly granted: boolean;
  readonly until: Date | null;
  readonly at: Date;
  readonly source: string;
  readonly said_by: string;
}

const columns = 'seq, purpose, granted, until, at, source, said_by';
const saySql = `
  INSERT INTO customer_consents (tenant_id, customer_id, purpose, granted, until, at, source, said_by, recorded_at)
  SELECT $1, $2, it.*, $9 FROM unnest($3::text[], $4::boolean[], $5::timestamptz[], $6::timestamptz[], $7::text[], $8::text[]) AS it`;
const allSql = `SELECT ${columns} FROM customer_consents WHERE tenant_id = $1 AND customer_id = $2`;
const historySql = `
  SELECT ${columns} FROM customer_consents
  WHERE tenant_id = $1 AND customer_id = COALESCE((SELECT customer_id FROM customer_aliases WHERE tenant_id = $1 AND alias = $2), $2)
    AND ($3::bigint IS NULL OR seq < $3)
  ORDER BY seq DESC LIMIT $4`;
const presentSql = 'SELECT consents FROM customers WHERE tenant_id = $1 AND id = $2';
const keepSql = 'UPDATE customers SET consents = $3 WHERE tenant_id = $1 AND id = $2';
const changeSql = 'SELECT attune_change_customers($1, $2, $3, $4)';

export class PostgresConsents implements ConsentStore {
  readonly #pool: Pool;
  readonly #hold: HoldCustomers;

  constructor(pool: Pool, hold: HoldCustomers) {
    this.#pool = pool;
    this.#hold = hold;
  }

  say(tenantId: string, { customerId, statements }: ConsentInput, now: number): ReturnType<ConsentStore['say']> {
    return answered(inTransaction(this.#pool, async client => {
      const held = await this.#hold(client, tenantId, [customerId], now);
      const id = held.idOf(customerId);
      await client.query(saySql, [
        tenantId, id,
        statements.map(it => it.purpose),
        statements.map(it => it.granted),
        statements.map(it => (it.until === undefined ? null : new Date(it.until))),
        statements.map(it => new Date(it.at)),
        statements.map(it => it.source),
        statements.map(it => it.saidBy),
        new Date(now),
      ]);
      const { consents, changed } = await refreshConsents(client, tenantId, id, now);
      return { customerId: id, consents, isChanged: changed.length + held.made.length > 0 };
    }));
  }

  async history(tenantId: string, customerId: string, { first, before }: Parameters<ConsentStore['history']>[2]): ReturnType<ConsentStore['history']> {
    const { rows } = await answered(this.#pool.query<Row>(historySql, [tenantId, customerId, before ?? null, first]));
    return rows.map(row => ({ ...statementOf(row), seq: Number(row.seq) }));
  }
}

/** Works out anew what holds of all that the customer, who is held, has said. Returns the purposes for which it is another. */
export async function refreshConsents(
  client: PoolClient,
  tenantId: string,
  id: string,
  now: number,
): Promise<{ readonly consents: Consents; readonly changed: readonly string[] }> {
  const { rows: said } = await client.query<Row>(allSql, [tenantId, id]);
  const { rows: [present] } = await client.query<{ consents: Consents }>(presentSql, [tenantId, id]);
  const before = present?.consents ?? {};
  const consents = presentConsents(said.map(statementOf));
  const changed = [...new Set([...Object.keys(before), ...Object.keys(consents)])].filter(it => textOf(before[it]) !== textOf(consents[it]));
  if (changed.length > 0) {
    await client.query(keepSql, [tenantId, id, JSON.stringify(consents)]);
    await client.query(changeSql, [tenantId, changed.map(() => id), changed.map(it => `CONSENT ${it}`), new Date(now)]);
  }
  return { consents, changed };
}

const textOf = (consent: Consents[string] | undefined): string => (consent === undefined ? '' : `${consent.granted} ${consent.until}`);

const statementOf = ({ purpose, granted, until, at, source, said_by: saidBy }: Row): ConsentStatement => ({
  purpose, granted, ...(until !== null && { until: until.getTime() }), at: at.getTime(), source, saidBy,
});
