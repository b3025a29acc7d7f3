import type { FeatureValue } from '../../customers/online-record.js';
import type { DecisionRecord } from '../decision-record.js';

/** A decision that another system made and logged. */
export interface ImportedDecision {
  /** UUIDv7 whose time is `decidedAt`. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly decidedAt: number;
  readonly customerId: string;
  /** What was known of the customer then. */
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly context: Readonly<Record<string, FeatureValue>>;
  readonly itemId: string;
  /** Where it was shown, from 1. */
  readonly position: number;
  /** In (0, 1]: with which the other system chose the item for this customer and position. */
  readonly propensity: number;
  readonly outcomes: readonly ImportedOutcome[];
}

export interface ImportedOutcome {
  readonly id: string;
  readonly kind: 'impression' | 'click' | 'conversion';
  readonly value: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** Decisions of one log that were made in one placement, among the same items. */
export interface ImportedBatch {
  readonly log: string;
  readonly placementId: string;
  readonly candidateItemIds: readonly string[];
  readonly decisions: readonly ImportedDecision[];
}

/** How many were new; the others were there before. */
export interface ImportResult {
  readonly decisions: number;
  readonly outcomes: number;
}

export interface ImportedLogs {
  /**
   * Keeps what is new by its id, decisions and outcomes in one transaction; what is there already stays as it is. Their outcomes count
   * as learned: a live bandit never learns from another system's choices.
   * @throws NotFound where the tenant has no such placement or item
   */
  add(tenantId: string, batch: ImportedBatch): Promise<ImportResult>;
}

const noTimes = { gather: 0, rules: 0, score: 0, total: 0 } as const;

/**
 * The decision as the log keeps its own ones. What the other system did not log is not made up: scores are absent, and the only
 * propensity that is known is that of the item that was chosen.
 */
export function recordOf(tenantId: string, snapshotVersion: number, { placementId, candidateItemIds }: ImportedBatch, decision: ImportedDecision): DecisionRecord {
  const { id, decidedAt, customerId, attributes, context, itemId, position, propensity } = decision;
  return {
    tenantId,
    snapshotVersion,
    request: { id, customerId, placementId, decidedAt, context, limit: 1, seed: 0 },
    state: { known: true, source: 'current', attributes, features: {}, segments: [] },
    scores: { source: 'unavailable' },
    answer: {
      slate: [{ itemId, position, propensity }],
      selectedItemId: itemId,
      propensity,
      confidence: 0,
      explored: false,
      reasoning: 'Decided by another system',
      level: 'FULL',
      alternativeItemIds: [],
      assignments: [],
      candidates: candidateItemIds.map(it => ({ itemId: it, score: null, boost: 1, propensity: it === itemId ? propensity : null, dropped: null })),
    },
    times: noTimes,
  };
}
