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
  /** Epoch milliseconds of the facts; without it they are newer than all that is held. */
  readonly at?: number | undefined;
}

export interface CustomerStore {
  /** Those found, by the ids that were asked for: a customer who was merged has several. */
  findByIds(tenantId: string, ids: readonly string[]): Promise<ReadonlyMap<string, Customer>>;
  /**
   * Makes the customer where there is none. `isChanged` is false where everything was so already.
   * @throws LimitExceeded where the customer would have more than `mostAttributes`
   */
  upsert(tenantId: string, upsert: CustomerUpsert, now: number): Promise<{ readonly customer: Customer; readonly isChanged: boolean }>;
}

/** The ids that customers go by now, of those found, by the ids that were asked for. */
export type PresentIds = (tenantId: string, ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;

/** Of one customer. */
export const mostAttributes = 200;

/** Attributes, and the times of the facts that they state, in epoch milliseconds: a name with a time and no value was removed then. */
export interface Profile {
  readonly attributes: Attributes;
  readonly times: Readonly<Record<string, number>>;
}

/** A value or, as null, its removal, as of a time. */
export interface AttributeFact {
  readonly name: string;
  readonly value: FeatureValue | null;
  /** Epoch milliseconds; undefined for newer than all that is held. */
  readonly at: number | undefined;
}

/**
 * What a customer has after some facts, and the names of what is different. The newest fact holds; of several of one time that with the greatest
 * JSON text: facts with times may come in any order.
 */
export function withFacts({ attributes, times }: Profile, facts: readonly AttributeFact[], now: number): Profile & { readonly changed: readonly string[] } {
  const values = new Map(Object.entries(attributes));
  const after = new Map(Object.entries(times));
  const changed = new Set<string>();
  for (const { name, value, at } of facts) {
    const held = values.get(name) ?? null;
    const heldAt = after.get(name) ?? (held === null ? Number.NEGATIVE_INFINITY : 0);
    const time = at ?? Math.max(now, heldAt + 1);
    if (time < heldAt || (time === heldAt && JSON.stringify(value) <= JSON.stringify(held))) continue;
    after.set(name, time);
    if (JSON.stringify(value) === JSON.stringify(held)) continue;
    changed.add(name);
    if (value === null) values.delete(name);
    else values.set(name, value);
  }
  return { attributes: Object.fromEntries(values), times: Object.fromEntries(after), changed: [...changed] };
}

/** All that a profile states, as facts that another one can take. */
export function factsOf({ attributes, times }: Profile): readonly AttributeFact[] {
  const [values, at] = [new Map(Object.entries(attributes)), new Map(Object.entries(times))];
  return [...new Set([...values.keys(), ...at.keys()])].map(name => ({ name, value: values.get(name) ?? null, at: at.get(name) ?? 0 }));
}

/** Brings what is made from the truth of these customers up to date, and tells who follows them. Resolves when this process answers by it; never rejects. */
export type CustomersChanged = (tenantId: string, customerIds: readonly string[]) => Promise<void>;
