import { anyNames, checkCondition, featureNames } from '../conditions/check.js';
import { itemNames } from '../content/item.js';
import type { FeatureDefinition } from '../features/feature.js';
import { InvalidInput } from '../kernel/errors.js';
import type { RuleSet } from './rule-set.js';

export interface RuleSetSurroundings {
  readonly features: readonly FeatureDefinition[];
  readonly segmentIds: ReadonlySet<string>;
  readonly placementIds: ReadonlySet<string>;
}

/** @throws InvalidInput with the `path` of the first name or value that does not fit what there is */
export function checkRuleSet({ rules }: RuleSet, { features, segmentIds, placementIds }: RuleSetSurroundings): void {
  const everything = { attribute: anyNames, feature: featureNames(features), context: anyNames, item: itemNames, inSegment: segmentIds };
  rules.forEach((rule, i) => {
    if (rule.items !== undefined) checkCondition(rule.items, { item: itemNames }, `/rules/${i}/items`);
    checkCondition(rule.when, everything, `/rules/${i}/when`);
    rule.placements?.forEach((id, k) => {
      if (!placementIds.has(id)) throw new InvalidInput('There is no such placement', { details: { path: `/rules/${i}/placements/${k}` } });
    });
  });
}
