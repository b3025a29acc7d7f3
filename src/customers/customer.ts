import type { FeatureValue } from './online-record.js';

export type Attributes = Readonly<Record<string, FeatureValue>>;

/** Somebody whom a tenant knows. */
export interface Customer {
  readonly id: string;
  readonly attributes: Attributes;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface CustomerUpsert {
  readonly id: string;
  /** Null removes the attribute; attributes that are not named stay. */
  readonly attributes: Readonly<Record<string, FeatureValue | null>>;
}

export interface CustomerStore {
  /** Those found, in any order. */
  findByIds(tenantId: string, ids: readonly string[]): Promise<readonly Customer[]>;
  /**
   * Makes the customer where there is none. `isChanged` is false where everything was so already.
   * @throws LimitExceeded where the customer would have more than `mostAttributes`
   */
  upsert(tenantId: string, upsert: CustomerUpsert, now: number): Promise<{ readonly customer: Customer; readonly isChanged: boolean }>;
}

/** Of one customer. */
export const mostAttributes = 200;

/** What a customer has after an upsert, and the names of what is different. */
export function mergedAttributes(before: Attributes, change: CustomerUpsert['attributes']): { readonly attributes: Attributes; readonly changed: readonly string[] } {
  const merged = new Map(Object.entries(before));
  const changed: string[] = [];
  for (const [name, value] of Object.entries(change)) {
    const held = merged.get(name);
    if (value === null ? held === undefined : JSON.stringify(held) === JSON.stringify(value)) continue;
    changed.push(name);
    if (value === null) merged.delete(name);
    else merged.set(name, value);
  }
  return { attributes: Object.fromEntries(merged), changed };
}

/** Brings what is made from the truth of these customers up to date, and tells who follows them. Resolves when this process answers by it; never rejects. */
export type CustomersChanged = (tenantId: string, customerIds: readonly string[]) => Promise<void>;
