import type { PoolClient } from 'pg';

/** Customers whose rows are held until the transaction ends. */
export interface Held {
  /** The id that a customer goes by now, of the id that was asked for. */
  idOf(asked: string): string;
  /** Ids of those who came into being. */
  readonly made: readonly string[];
}

/** Holds these customers, by whatever id they are asked for, in the order of their ids, and makes those who are not there. */
export async function holdCustomers(client: PoolClient, tenantId: string, ids: readonly string[], now: number): Promise<Held> {
  const { rows } = await client.query<{ asked: string; customer: string; made: boolean }>(holdSql, [tenantId, [...new Set(ids)], new Date(now)]);
  const present = new Map(rows.map(it => [it.asked, it.customer]));
  return { idOf: asked => present.get(asked) ?? asked, made: [...new Set(rows.filter(it => it.made).map(it => it.customer))] };
}

const holdSql = 'SELECT asked, customer, made FROM attune_hold_customers($1, $2, $3)';
