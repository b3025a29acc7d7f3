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
  /** Of whom there are new events, by their present ids. */
  readonly customerIds: readonly string[];
}

export interface EventLog {
  /**
   * Commits the events that are new, all or nothing, and marks their customers as changed. Of several with one id the first is taken.
   * Customers who are not there come into being.
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
