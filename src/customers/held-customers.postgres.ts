import type { PoolClient } from 'pg';
import { Erased } from '../kernel/errors.js';
import type { TenantSecrets } from './keyring.js';

/** Customers whose rows are held until the transaction ends. */
export interface Held {
  /** The id that a customer goes by now, of the id that was asked for. @throws Erased */
  idOf(asked: string): string;
  /** Whether nothing may be taken about this id. */
  isErased(asked: string): boolean;
  /** Ids of those who came into being. */
  readonly made: readonly string[];
}

/** Holds these customers, by whatever id they are asked for, in the order of their ids, and makes those who are not there and were not erased. */
export type HoldCustomers = (client: PoolClient, tenantId: string, ids: readonly string[], now: number) => Promise<Held>;

interface Row {
  readonly asked: string;
  readonly customer: string;
  readonly made: boolean;
}

const holdSql = 'SELECT asked, customer, made FROM attune_hold_customers($1, $2, $3)';
const erasedSql = 'SELECT hash FROM erased_ids WHERE tenant_id = $1 AND hash = ANY($2)';
const unmakeSql = 'DELETE FROM customers WHERE tenant_id = $1 AND id = ANY($2)';

export function holding(secretsOf: (tenantId: string, client: PoolClient) => Promise<TenantSecrets>): HoldCustomers {
  return async (client, tenantId, ids, now) => {
    const { rows } = await client.query<Row>(holdSql, [tenantId, [...new Set(ids)], new Date(now)]);
    const made = rows.filter(it => it.made).map(it => it.customer);
    // Only who was not there can have been erased. Erasure holds the row while it writes the hash, so whoever makes the row sees it.
    const erased = made.length === 0 ? new Set<string>() : await erasedAmong(client, tenantId, made, await secretsOf(tenantId, client));
    if (erased.size > 0) await client.query(unmakeSql, [tenantId, [...erased]]);
    const present = new Map(rows.map(it => [it.asked, it.customer]));
    return {
      idOf(asked) {
        if (erased.has(asked)) throw new Erased('The customer has been erased');
        return present.get(asked) ?? asked;
      },
      isErased: asked => erased.has(asked),
      made: made.filter(it => !erased.has(it)),
    };
  };
}

async function erasedAmong(client: PoolClient, tenantId: string, ids: readonly string[], { hashOf }: TenantSecrets): Promise<ReadonlySet<string>> {
  const hashes = new Map(ids.map(it => [hashOf(it), it]));
  const { rows } = await client.query<{ hash: string }>(erasedSql, [tenantId, [...hashes.keys()]]);
  return new Set(rows.map(it => hashes.get(it.hash) ?? ''));
}
