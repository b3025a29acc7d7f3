import type { Condition } from '../conditions/condition.js';

/** A place on a page, in a mail, in an app, that shows items. */
export interface Placement {
  readonly id: string;
  readonly name: string;
  /** The one that is meant where a request names none; exactly one of a tenant. */
  readonly isDefault: boolean;
  /** Over `item` only; absent: all items. */
  readonly accepts?: Condition | undefined;
  /** Items in its slate, 1 to 20. */
  readonly slots: number;
  /** How candidates are scored; an experiment's arm may say otherwise. */
  readonly scorer: ScorerRef;
  readonly policy: PolicySpec;
  /** Shown where nothing else can be. */
  readonly fallbackItemId?: string | undefined;
  /** Share of customers, [0, 1), who always get the editors' order. */
  readonly holdout: number;
  readonly hemisphere: 'north' | 'south';
  /** Inputs of the placement's linear bandit, an intercept aside; undefined: it does not learn. */
  readonly bandit?: BanditSpec | undefined;
}

export type ScorerRef = { readonly kind: 'model'; readonly modelId: string } | { readonly kind: 'bandit' } | { readonly kind: 'priority' };

export type PolicySpec =
  | { readonly kind: 'uniform' }
  | { readonly kind: 'greedy' }
  /** `epsilon` in [0, 1]. */
  | { readonly kind: 'epsilonGreedy'; readonly epsilon: number };

export interface BanditSpec {
  /** Names of features (numbers) that make the context vector, in order. A missing one counts 0 beside an intercept of 1. */
  readonly features: readonly string[];
  /** Ridge strength, > 0. */
  readonly lambda: number;
  /** Width of the confidence bound that is added to the mean, >= 0 (LinUCB; Li, Chu, Langford, Schapire 2010). */
  readonly alpha: number;
}
