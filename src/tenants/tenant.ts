import type { KeyRole, NewKey } from './api-key.js';

/** One shop, one brand: the border that no row, key, topic or loader crosses. */
export interface Tenant {
  readonly id: string;
  readonly name: string;
}

/** A key of each role, as it was made with its tenant. */
export type FirstKeys = Readonly<Record<KeyRole, NewKey>>;

export interface Tenants {
  /** Ordered by id. */
  list(): Promise<readonly Tenant[]>;
  /** Makes the tenant and a key of each role, all or nothing. @throws Conflict where the id is taken */
  provision(tenant: Tenant): Promise<FirstKeys>;
}
