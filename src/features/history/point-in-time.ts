import type { FeatureValue } from '../../customers/online-record.js';

export interface PastAsk {
  readonly customerId: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Version of the configuration that was in force; without it, it is looked up. */
  readonly configuration?: number | undefined;
}

/** `FORGOTTEN`: what was set from outside then is older than the history that is kept. */
export const pastStatuses = ['KNOWN', 'MISSING', 'DEFAULTED', 'FORGOTTEN'] as const;
export type PastStatus = (typeof pastStatuses)[number];

/** `HISTORY`: as it was kept; `LOG`: counted again from the events that had been received by then. */
export const pastSources = ['HISTORY', 'LOG'] as const;
export type PastSource = (typeof pastSources)[number];

export interface PastValue {
  readonly name: string;
  readonly value: FeatureValue | null;
  readonly status: PastStatus;
  /** Null where nothing is known of the value. */
  readonly source: PastSource | null;
  /** Time that the value was computed for. */
  readonly at: Date | null;
  /** Of the definition that gave the value. */
  readonly version: number | null;
}

export interface PointInTime {
  /**
   * The values of these features as they could be read at each time, for each ask by name. Nothing that came later is in them.
   * @throws NotFound where a name is no feature's
   */
  read(tenantId: string, asks: readonly PastAsk[], names: readonly string[]): Promise<readonly ReadonlyMap<string, PastValue>[]>;
}
