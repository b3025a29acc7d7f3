import type { EventFault } from './event.js';
import type { GotKind } from './event-type.js';

/** An event that was not taken, and why. */
export interface Rejection {
  readonly input: unknown;
  readonly fault: EventFault;
}

export interface RejectedEvent {
  /** Grows with time. */
  readonly seq: number;
  readonly receivedAt: Date;
  /** What could be read of it. */
  readonly eventId: string | null;
  readonly customerId: string | null;
  readonly type: string | null;
  readonly pointer: string;
  readonly expected: string;
  readonly got: GotKind;
  /** JSON of the event, as it was sent, with the time of its receipt where it named none. */
  readonly body: string;
}

export interface RejectedFilter {
  readonly type?: string | undefined;
  readonly eventIds?: readonly string[] | undefined;
}

/** Keeps events that were not taken for a while. One that comes again is there once, with the newest reason. */
export interface RejectedEvents {
  /** Those too large or nested too deep to be an event are not kept; of too many, the oldest go. */
  keep(tenantId: string, rejections: readonly Rejection[], receivedAt: number): Promise<void>;
  /** Oldest first, those after `after`. */
  list(tenantId: string, filter: RejectedFilter, page: { readonly first: number; readonly after?: number | undefined }): Promise<readonly RejectedEvent[]>;
  remove(tenantId: string, seqs: readonly number[]): Promise<void>;
}
