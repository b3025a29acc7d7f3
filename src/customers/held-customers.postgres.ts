import type { PoolClient } from 'pg';
import { Erased } from '../kernel/errors.js';
import type { TenantSecrets } from './keyring.js';

/** Customers whose rows are held until the transaction ends. */
export interface Held {
  /** The id that a customer goes by now, of the id that was asked for. @throws Erased */
  idOf(asked: string): string;
  /** Ids of those who came into being. */
  readonly made: readonly string[];
}

/** Holds these customers, by whatever id they are asked for, in the order of their ids, and makes those who are not there and were not erased. */
export type HoldCustomers = (client: PoolClient, tenantId: string, ids: readonly string[], now: number) => Promise<Held>;

interface Row {
  readonly asked: string;
  readonly customer: string | null;
  readonly made: boolean;
}

const holdSql = 'SELECT asked, customer, made FROM attune_hold_customers($1, $2, $3, $4)';

export function holding(secretsOf: (tenantId: string, client: PoolClient) => Promise<TenantSecrets>): HoldCustomers {
  return async (client, tenantId, ids, now) => {
    const asked = [...new Set(ids)];
    const { hashOf } = await secretsOf(tenantId, client);
    const { rows } = await client.query<Row>(holdSql, [tenantId, asked, new Date(now), asked.map(hashOf)]);
    const present = new Map(rows.map(it => [it.asked, it.customer]));
    return {
      idOf(id) {
        const customer = present.get(id);
        if (customer === null) throw new Erased('The customer has been erased');
        return customer ?? id;
      },
      made: rows.flatMap(it => (it.made && it.customer !== null ? [it.customer] : [])),
    };
  };
}
