import { behaviourPrefix } from '../conditions/behaviour.js';
import { anyNames, checkCondition, eventNames } from '../conditions/check.js';
import type { Condition } from '../conditions/condition.js';
import { Conflict, InvalidInput } from '../kernel/errors.js';
import { checkDerived, restsOn, type ParseExpression } from './derived.js';
import { checkSameType, kindOf, type FeatureDefinition } from './feature.js';

/**
 * Refuses a feature that could not be computed beside those that there are.
 * @throws Conflict where its type would change, or others could no longer rest on it; `usedBy` names up to ten of them
 * @throws InvalidInput with the path of the fault, LimitExceeded
 */
export function checkFeature(feature: FeatureDefinition, all: readonly FeatureDefinition[], parse: ParseExpression): void {
  if (feature.name.startsWith(behaviourPrefix)) throw new InvalidInput(`Names that start with ${behaviourPrefix} are those of counted behaviours`, { details: { path: '/name' } });
  checkSameType(all.find(it => it.name === feature.name), feature);
  const { aggregate } = feature;
  checkWhere(aggregate?.where, '/aggregate/where');
  checkWhere(aggregate?.per?.where, '/aggregate/per/where');
  checkDerived(feature, all, parse);
  if (kindOf(feature) === 'contextual') checkUnused(feature.name, all, parse);
  checkPurposes(feature, all, parse);
}

/** @throws InvalidInput where it counts events of a type that there is not; `defined` are those beside the given ones */
export function checkEventTypes({ aggregate }: FeatureDefinition, defined: ReadonlySet<string>): void {
  const { declared, open } = eventNames(Array.from(defined, name => ({ name })));
  const refuse = (event: string | undefined, path: string): void => {
    if (event !== undefined && !open && !declared.has(event)) throw new InvalidInput('There is no such type of event', { details: { path } });
  };
  refuse(aggregate?.event, '/aggregate/event');
  refuse(aggregate?.per?.event, '/aggregate/per/event');
}

function checkWhere(where: Condition | undefined, path: string): void {
  if (where !== undefined) checkCondition(where, { property: anyNames }, path);
}

function checkUnused(name: string, all: readonly FeatureDefinition[], parse: ParseExpression): void {
  const users = all.filter(it => restsOn(it, parse).includes(name)).map(it => it.name);
  if (users.length === 0) return;
  throw new Conflict('Other features are computed from it', { details: { path: '/kind', usedBy: users.slice(0, 10).join(', '), uses: users.length } });
}

/** Who does not consent to what a feature is computed from does not consent to the feature. */
function checkPurposes(feature: FeatureDefinition, all: readonly FeatureDefinition[], parse: ParseExpression): void {
  const lacks = (user: FeatureDefinition, { purposes = [] }: FeatureDefinition): boolean => purposes.some(it => user.purposes?.includes(it) !== true);
  const used = restsOn(feature, parse);
  if (all.some(it => used.includes(it.name) && it.name !== feature.name && lacks(feature, it))) {
    throw new InvalidInput('It needs the purposes of all features that it is computed from', { details: { path: '/purposes' } });
  }
  const users = all.filter(it => it.name !== feature.name && restsOn(it, parse).includes(feature.name) && lacks(it, feature)).map(it => it.name);
  if (users.length === 0) return;
  throw new Conflict('Features that are computed from it lack a purpose', { details: { path: '/purposes', usedBy: users.slice(0, 10).join(', '), uses: users.length } });
}
