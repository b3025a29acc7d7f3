import { checkCondition } from '../conditions/check.js';
import { Conflict } from '../kernel/errors.js';
import { checkDerived, restsOn, type ParseExpression } from './derived.js';
import { checkSameType, kindOf, type FeatureDefinition } from './feature.js';

/**
 * Refuses a feature that could not be computed beside those that there are.
 * @throws Conflict where its type would change, or others could no longer rest on it; `usedBy` names up to ten of them
 * @throws InvalidInput with the path of the fault, LimitExceeded
 */
export function checkFeature(feature: FeatureDefinition, all: readonly FeatureDefinition[], parse: ParseExpression): void {
  checkSameType(all.find(it => it.name === feature.name), feature);
  const { aggregate } = feature;
  if (aggregate?.where !== undefined) checkCondition(aggregate.where, {}, '/aggregate/where');
  if (aggregate?.per?.where !== undefined) checkCondition(aggregate.per.where, {}, '/aggregate/per/where');
  checkDerived(feature, all, parse);
  if (kindOf(feature) === 'contextual') checkUnused(feature.name, all, parse);
}

function checkUnused(name: string, all: readonly FeatureDefinition[], parse: ParseExpression): void {
  const users = all.filter(it => restsOn(it, parse).includes(name)).map(it => it.name);
  if (users.length === 0) return;
  throw new Conflict('Other features are computed from it', { details: { path: '/kind', usedBy: users.slice(0, 10).join(', '), uses: users.length } });
}
