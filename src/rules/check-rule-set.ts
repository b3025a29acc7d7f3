import { anyNames, attributeNames, checkCondition, eventNames, featureNames } from '../conditions/check.js';
import { itemNames } from '../content/item.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { EventType } from '../events/event-type.js';
import type { FeatureDefinition } from '../features/feature.js';
import { InvalidInput } from '../kernel/errors.js';
import type { RuleSet } from './rule-set.js';

export interface RuleSetSurroundings {
  readonly attributes: readonly AttributeDefinition[];
  readonly eventTypes: readonly EventType[];
  readonly features: readonly FeatureDefinition[];
  readonly segmentIds: ReadonlySet<string>;
  readonly placementIds: ReadonlySet<string>;
}

/** @throws InvalidInput with the `path` of the first name or value that does not fit what there is */
export function checkRuleSet({ rules }: RuleSet, { eventTypes, features, attributes, segmentIds, placementIds }: RuleSetSurroundings): void {
  const everything = { attribute: attributeNames(attributes), feature: featureNames(features), context: anyNames, item: itemNames, did: eventNames(eventTypes), inSegment: segmentIds };
  rules.forEach((rule, i) => {
    if (rule.items !== undefined) checkCondition(rule.items, { item: itemNames }, `/rules/${i}/items`);
    checkCondition(rule.when, everything, `/rules/${i}/when`);
    rule.placements?.forEach((id, k) => {
      if (!placementIds.has(id)) throw new InvalidInput('There is no such placement', { details: { path: `/rules/${i}/placements/${k}` } });
    });
  });
}
