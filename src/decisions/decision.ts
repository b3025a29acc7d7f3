import type { Item } from '../content/item.js';
import type { FeatureReading, FeatureValue } from '../customers/online-record.js';

/**
 * How much of the pipeline stood behind an answer, best first.
 * - `FULL`: everything was there
 * - `STALE_FEATURES`: the customer's record, or a feature that was read, is older than it should be
 * - `NO_MODEL`: the model did not answer in time; candidates keep the editors' order
 * - `RULES_ONLY`: nothing could be read of the customer; rules saw missing values
 * - `DEFAULT`: nothing was left to choose from; the placement's fallback, or nothing
 */
export const decisionLevels = ['FULL', 'STALE_FEATURES', 'NO_MODEL', 'RULES_ONLY', 'DEFAULT'] as const;
export type DecisionLevel = (typeof decisionLevels)[number];

export interface DecisionRequest {
  /** UUIDv7 whose time is `decidedAt`. */
  readonly id: string;
  readonly customerId: string;
  readonly placementId: string;
  /** Items of the caller's own, instead of the placement's. */
  readonly items?: readonly Item[] | undefined;
  readonly context: Readonly<Record<string, FeatureValue>>;
  /** Length of the slate, at least 1. */
  readonly limit: number;
  /** Unsigned 32 bits; with everything else equal it decides what chance decides. */
  readonly seed: number;
  /** Epoch milliseconds. */
  readonly decidedAt: number;
}

/** Something that the customer does not consent to being used: it was as if missing. */
export interface Withheld {
  readonly kind: 'FEATURE' | 'BEHAVIOUR' | 'ATTRIBUTE' | 'SEGMENT' | 'MODEL';
  readonly name: string;
  /** The first of its purposes that is not granted. */
  readonly purpose: string;
}

/** What was read of the customer. Once logged, only the part that the snapshot can read in this placement. */
export interface CustomerState {
  /** False for a stranger. */
  readonly known: boolean;
  /** `none`: nothing could be read, which is not the same as a stranger. `erased`: what was read has been removed from the log since. */
  readonly source: 'current' | 'stale' | 'none' | 'erased';
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly features: Readonly<Record<string, FeatureReading>>;
  readonly segments: readonly string[];
  /** Absent where nothing was. */
  readonly withheld?: readonly Withheld[] | undefined;
  /** What experiments assign by, where it is not the id that was asked for. */
  readonly unit?: string | undefined;
}

/** What the scorer said: of each candidate that survived the rules, in their order; the only input that needs I/O after the rules. */
export type Scores =
  | { readonly source: 'model'; readonly modelId: string; readonly values: readonly number[] }
  | { readonly source: 'bandit'; readonly posteriorVersion: number; readonly values: readonly number[] }
  | { readonly source: 'priority' }
  /** The scorer was asked and did not answer. */
  | { readonly source: 'unavailable' };

export interface RankedItem {
  readonly itemId: string;
  /** From 1. */
  readonly position: number;
  /** In (0, 1], given the positions before. */
  readonly propensity: number;
}

export interface Drop {
  readonly stage: 'candidates' | 'rules';
  /** Closed code, or the id of the rule. */
  readonly code: string;
  readonly reason: string;
}

export interface CandidateOutcome {
  readonly itemId: string;
  /** After boosts; null where it was dropped. */
  readonly score: number | null;
  /** Product of the boosts that held. */
  readonly boost: number;
  /**
   * Probability, in [0, 1], of being selected at position 1 by the whole pipeline. Those of all candidates sum to 1. Null only in imported
   * logs, where it is not known but of the item that was chosen.
   */
  readonly propensity: number | null;
  readonly dropped: Drop | null;
}

export interface Assignment {
  readonly experimentId: string;
  /** Null where the customer does not take part. */
  readonly armId: string | null;
  readonly holdout: boolean;
}

export interface DecisionAnswer {
  readonly slate: readonly RankedItem[];
  /** Null only where nothing is left and the placement has no fallback. */
  readonly selectedItemId: string | null;
  /** In (0, 1]; 1 where there was no choice. */
  readonly propensity: number;
  /** In [0, 1]. */
  readonly confidence: number;
  readonly explored: boolean;
  readonly reasoning: string;
  readonly level: DecisionLevel;
  readonly alternativeItemIds: readonly string[];
  readonly assignments: readonly Assignment[];
  readonly candidates: readonly CandidateOutcome[];
}
