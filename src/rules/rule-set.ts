import type { Condition } from '../conditions/condition.js';
import { canonicalJson, type Json } from '../kernel/json.js';

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

/** A set as editors see it: what is live, and what was saved last. */
export interface RuleSetState {
  readonly id: string;
  readonly live: RuleSet | null;
  readonly draft: RuleSet | null;
  readonly hasUnpublishedChanges: boolean;
}

export function stateOfRuleSet(id: string, live: RuleSet | undefined, draft: RuleSet | undefined): RuleSetState {
  const hasUnpublishedChanges = draft !== undefined && (live === undefined || textOf(draft) !== textOf(live));
  return { id, live: live ?? null, draft: draft ?? null, hasUnpublishedChanges };
}

/** All that are live or drafts, ordered by id. */
export function pairRuleSets(live: readonly RuleSet[], drafts: readonly RuleSet[]): readonly RuleSetState[] {
  const liveById = new Map(live.map(it => [it.id, it]));
  const draftById = new Map(drafts.map(it => [it.id, it]));
  const ids = [...new Set([...liveById.keys(), ...draftById.keys()])].sort();
  return ids.map(id => stateOfRuleSet(id, liveById.get(id), draftById.get(id)));
}

const textOf = (ruleSet: RuleSet): string => canonicalJson(ruleSet as unknown as Json);
