import type { Condition } from '../conditions/condition.js';

/**
 * What marketers say about who may see what.
 * - `exclude`: an item is dropped where `when` holds
 * - `require`: an item is dropped unless `when` holds ("not known" drops)
 * - `boost`: its score is multiplied by `factor` where `when` holds
 */
export interface Rule {
  readonly id: string;
  readonly effect: 'exclude' | 'require' | 'boost';
  /** Over `item` only: the items that the rule is about; absent: all. */
  readonly items?: Condition | undefined;
  readonly when: Condition;
  /** Placements that it counts in; absent: all. */
  readonly placements?: readonly string[] | undefined;
  /** For `boost`, > 0. */
  readonly factor?: number | undefined;
  /** Shown as the reason where the rule drops an item. */
  readonly reason: string;
}

/** Rules that are published together. All published sets of a tenant count, in the order of their ids. */
export interface RuleSet {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly Rule[];
}
