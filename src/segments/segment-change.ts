export const moves = ['ENTERED', 'LEFT', 'GAP'] as const;
export const moveCauses = ['ATTRIBUTE', 'FEATURE', 'BEHAVIOUR', 'SEGMENT', 'LIST', 'CUSTOMER', 'DEFINITION', 'TIME'] as const;

/** Why a customer entered or left: CUSTOMER is that they came to be known, DEFINITION that a segment or a feature has been defined anew. */
export interface MoveCause {
  readonly kind: (typeof moveCauses)[number];
  /** Name or id of what changed, of a behaviour the type of the event; null where nothing single did. */
  readonly subject: string | null;
}

/** One customer's way into a segment or out of it. */
export interface SegmentMove {
  readonly segmentId: string;
  readonly customerId: string;
  readonly move: 'ENTERED' | 'LEFT';
  readonly cause: MoveCause;
  /** Epoch milliseconds. */
  readonly changedAt: number;
}

/** Sent on a segment's topic: those who moved at once. */
export interface SegmentMoved {
  readonly segmentId: string;
  readonly moves: readonly SegmentMove[];
}

/** What a subscriber is told: a move, or that some may have been missed. */
export type SegmentChange = SegmentMove | { readonly move: 'GAP'; readonly changedAt: number };

export function movesBySegment(moves: readonly SegmentMove[]): readonly SegmentMoved[] {
  const bySegment = new Map<string, SegmentMove[]>();
  for (const move of moves) {
    const found = bySegment.get(move.segmentId);
    if (found === undefined) bySegment.set(move.segmentId, [move]);
    else found.push(move);
  }
  return [...bySegment].map(([segmentId, ofSegment]) => ({ segmentId, moves: ofSegment }));
}
