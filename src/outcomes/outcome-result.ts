import type { Receipt } from './outcome.js';

/** Receipts in the order in which the outcomes were sent, and how many there are of each status. */
export interface OutcomeResult {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly receipts: readonly Receipt[];
}

export function resultOf(receipts: readonly Receipt[]): OutcomeResult {
  const count = (status: Receipt['status']): number => receipts.filter(it => it.status === status).length;
  return { accepted: count('accepted'), duplicates: count('duplicate'), rejected: count('rejected'), receipts };
}
