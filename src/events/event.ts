import type { Json } from '../kernel/json.js';
import type { Mismatch } from './event-type.js';

/** Something that a customer did. */
export interface CustomerEvent {
  /** The sender's own: an event that is sent twice is kept once. */
  readonly id: string;
  readonly customerId: string;
  readonly type: string;
  /** Epoch milliseconds at which it happened, by the sender. */
  readonly at: number;
  readonly properties: Readonly<Record<string, Json>>;
}

export interface Appended {
  /** Ids of the events that were new. */
  readonly fresh: ReadonlySet<string>;
  /** Ids of the events of customers who have been erased: nothing is kept of them. */
  readonly erased: ReadonlySet<string>;
  /** Of whom something is to be worked out anew, by their present ids. */
  readonly customerIds: readonly string[];
}

/** What a tenant's events are counted for, by one version of its configuration. */
export interface Counting {
  readonly version: number;
  /** Whether anything is counted from events of this type. */
  readonly counts: (type: string) => boolean;
  /** For how long a customer whom nothing is counted of need not be looked at again, in milliseconds; undefined: for ever. */
  readonly restMs: number | undefined;
}

export interface EventLog {
  /**
   * Commits the events that are new, all or nothing, and marks as changed the customers of whom something is counted from them. Of several with one
   * id the first is taken. Customers who are not there come into being.
   */
  append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<Appended>;
}

/** Why an event was not taken. */
export interface EventFault extends Mismatch {
  readonly id: string | null;
}

/** `warning`: what does not fit the type of an event that is taken nevertheless. */
export type ParsedEvent = { readonly event: CustomerEvent; readonly warning?: Mismatch } | EventFault;

export type Ingested =
  | ({ readonly id: string; readonly status: 'ACCEPTED' | 'DUPLICATE' } & Partial<Mismatch>)
  | ({ readonly status: 'REJECTED'; readonly code: 'INVALID_INPUT' | 'ERASED' } & EventFault);
