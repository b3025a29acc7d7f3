import type { Consents } from './consent.js';

export type Scalar = string | number | boolean;
export type FeatureValue = Scalar | readonly string[];

export const valueTypes = ['number', 'string', 'boolean', 'strings'] as const;
export type ValueType = (typeof valueTypes)[number];

/** Whether a value is of the type; `strings` is a list of texts. */
export function isOfType(value: FeatureValue, type: ValueType): boolean {
  return type === 'strings' ? Array.isArray(value) : typeof value === type;
}

export interface FeatureReading {
  readonly value: FeatureValue;
  /** Epoch milliseconds that the value was computed for. */
  readonly at: number;
  /** Of the definition that gave the value; 1 where it is left out. */
  readonly version?: number | undefined;
}

/** What a decision reads of a customer: one packed value under one key. */
export interface OnlineRecord {
  readonly customerId: string;
  /** False for a stranger, whose version is 0 and whose parts are empty. */
  readonly known: boolean;
  /** Grows with each change of the truth that the record was made from. */
  readonly version: number;
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly features: Readonly<Record<string, FeatureReading>>;
  readonly segments: readonly string[];
  readonly consents: Consents;
  /** What experiments assign by, where it is not the id: a merge moves nobody into another arm. */
  readonly unit?: string | undefined;
}

/** A customer's record as it is kept under a former id: experiments assign by the same, by whichever id is asked. */
export function underAlias(record: OnlineRecord, alias: string): OnlineRecord {
  return { ...record, customerId: alias, unit: record.unit ?? record.customerId };
}

export function strangerRecord(customerId: string): OnlineRecord {
  return { customerId, known: false, version: 0, attributes: {}, features: {}, segments: [], consents: {} };
}
