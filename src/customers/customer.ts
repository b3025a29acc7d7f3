import type { FeatureValue } from './online-record.js';

/** Somebody whom a tenant knows. */
export interface Customer {
  readonly id: string;
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface CustomerStore {
  /** Those found, in any order. */
  findByIds(tenantId: string, ids: readonly string[]): Promise<readonly Customer[]>;
  /** Makes the customer where there is none; a null value removes the attribute, attributes that are not named stay. */
  upsert(tenantId: string, id: string, attributes: Readonly<Record<string, FeatureValue | null>>): Promise<Customer>;
}

/** Brings what is made from the truth of these customers up to date, and tells who follows them. Resolves when this process answers by it; never rejects. */
export type CustomersChanged = (tenantId: string, customerIds: readonly string[]) => Promise<void>;
