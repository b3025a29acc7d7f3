import type { Decided } from '../personalizer.js';

export const causeKinds = [
  'INITIAL', 'FEATURE', 'BEHAVIOUR', 'ATTRIBUTE', 'SEGMENT', 'CONSENT', 'RULE', 'EXPERIMENT', 'MODEL', 'CONTENT', 'PLACEMENT', 'TIME', 'RESUMED_WITH_GAP',
] as const;
export type CauseKind = (typeof causeKinds)[number];

/** What made Attune decide again. */
export interface Cause {
  readonly kind: CauseKind;
  /** Name or id of what changed; null where nothing single did. */
  readonly subject: string | null;
  /** Epoch milliseconds. */
  readonly changedAt: number;
}

export interface DecisionUpdate {
  /** Opaque to clients; hands the feed's state back after a reconnect. */
  readonly cursor: string;
  readonly decided: Decided;
  readonly cause: Cause;
}

/** What a feed needs to go on where it was: its seed, and what the client saw last. */
export interface FeedPosition {
  readonly seed: number;
  readonly shown: string;
}

/** What a client sees change: the slate, in its order. Two decisions with the same one are the same answer. */
export function shownBy({ record: { answer } }: Decided): string {
  return JSON.stringify(answer.slate.map(({ itemId }) => itemId));
}

export function encodeCursor({ seed, shown }: FeedPosition): string {
  return `${seed.toString(36)}.${shown}`;
}

/** Undefined for a text that is no cursor of ours. */
export function decodeCursor(cursor: string): FeedPosition | undefined {
  const match = /^([0-9a-z]{1,7})\.(\[.*\])$/s.exec(cursor);
  const seed = Number.parseInt(match?.[1] ?? '', 36);
  return match?.[2] !== undefined && seed >= 0 && seed <= 0xffff_ffff ? { seed, shown: match[2] } : undefined;
}
