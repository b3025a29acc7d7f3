export const outcomeKinds = ['impression', 'click', 'conversion'] as const;
export type OutcomeKind = (typeof outcomeKinds)[number];

/** What came of a decision. */
export interface Outcome {
  /** Chosen by the sender: sent twice, it counts once. */
  readonly id: string;
  /** UUIDv7, in lower case. */
  readonly decisionId: string;
  readonly kind: OutcomeKind;
  /** Of a conversion, at least 0; null where none was told. */
  readonly value: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/**
 * - `INVALID_INPUT`: it is not as an outcome has to be
 * - `UNKNOWN_DECISION`: the tenant has no such decision
 * - `FORBIDDEN`: not a decision of the one customer that the sender speaks for, whether there is one or not
 */
export const rejectionCodes = ['INVALID_INPUT', 'UNKNOWN_DECISION', 'FORBIDDEN'] as const;
export type RejectionCode = (typeof rejectionCodes)[number];

/** What became of one outcome that was sent. Accepted is what is committed; a duplicate was, or is, accepted elsewhere. */
export type Receipt =
  | { readonly status: 'accepted'; readonly code: null }
  | { readonly status: 'duplicate'; readonly code: null }
  | { readonly status: 'rejected'; readonly code: RejectionCode };

export interface OutcomeStore {
  /**
   * Commits those whose ids are new to the tenant.
   * @param outcomes each id once
   * @returns the ids of the new ones, and how many decisions got their first impression
   * @throws DependencyUnavailable
   */
  add(tenantId: string, outcomes: readonly Outcome[]): Promise<{ readonly added: ReadonlySet<string>; readonly firstImpressions: number }>;
}
