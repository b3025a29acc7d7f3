import type { Json } from '../kernel/json.js';

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

export const eventTypes = ['page_view', 'add_to_cart', 'purchase', 'email_open', 'email_click', 'form_submit', 'login'] as const;

export interface EventLog {
  /** Commits those that are new, all or none, and tells their ids. Customers who are not there come into being. */
  append(tenantId: string, events: readonly CustomerEvent[], receivedAt: number): Promise<ReadonlySet<string>>;
}

export type Ingested =
  | { readonly id: string | null; readonly status: 'ACCEPTED' | 'DUPLICATE' }
  | { readonly id: string | null; readonly status: 'REJECTED'; readonly code: string; readonly pointer: string; readonly expected: string };
