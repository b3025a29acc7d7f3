export const moves = ['ENTERED', 'LEFT', 'GAP'] as const;
export const moveCauses = ['ATTRIBUTE', 'FEATURE', 'BEHAVIOUR', 'SEGMENT', 'LIST', 'DEFINITION', 'TIME'] as const;

/** Why a customer is in a segment, or in it no longer, since a while ago. */
export interface MoveCause {
  readonly kind: (typeof moveCauses)[number];
  /** Name or id of what changed, of a behaviour the type of the event; null where nothing single did. */
  readonly subject: string | null;
}

/** One customer's way into a segment or out of it. */
export interface SegmentMove {
  readonly customerId: string;
  readonly move: 'ENTERED' | 'LEFT';
  readonly cause: MoveCause;
  /** Epoch milliseconds. */
  readonly changedAt: number;
}

/** Sent on a segment's topic: those who moved at once. */
export interface SegmentMoved {
  readonly moves: readonly SegmentMove[];
}

/** What a subscriber is told: a move, or that some may have been missed. */
export type SegmentChange = SegmentMove | { readonly move: 'GAP'; readonly changedAt: number };
