import { checkCondition } from '../conditions/check.js';
import type { FeatureDefinition } from '../features/feature.js';
import { Conflict, InvalidInput } from '../kernel/errors.js';
import { itemNames } from './item.js';
import type { Placement } from './placement.js';

/** What a placement refers to, as far as it is there. */
export interface PlacementSurroundings {
  readonly placements: readonly Placement[];
  readonly features: readonly FeatureDefinition[];
  readonly modelIds: ReadonlySet<string>;
  readonly itemIds: ReadonlySet<string>;
}

/**
 * The placements to write when one is saved: itself, and the one that was the default before, so that there is always exactly one.
 * @throws InvalidInput where it refers to something that is not there, Conflict where no default would remain
 */
export function planPlacement(placement: Placement, around: PlacementSurroundings): readonly Placement[] {
  if (placement.accepts !== undefined) checkCondition(placement.accepts, { item: itemNames }, '/accepts');
  if (placement.scorer.kind === 'model' && !around.modelIds.has(placement.scorer.modelId)) {
    throw absent('There is no such model', '/scorer/modelId');
  }
  if (placement.fallbackItemId !== undefined && !around.itemIds.has(placement.fallbackItemId)) {
    throw absent('There is no such item', '/fallbackItemId');
  }
  checkBandit(placement, around.features);
  const formerDefault = around.placements.find(it => it.isDefault && it.id !== placement.id);
  if (!placement.isDefault && formerDefault === undefined) {
    throw new Conflict('One placement is the default; make another one so first', { details: { path: '/isDefault' } });
  }
  return placement.isDefault && formerDefault !== undefined ? [{ ...formerDefault, isDefault: false }, placement] : [placement];
}

/** @throws Conflict where a placement falls back on the item; `usedBy` names up to ten that do */
export function checkItemRemoval(itemId: string, placements: readonly Placement[]): void {
  const uses = placements.filter(it => it.fallbackItemId === itemId).map(it => `placement/${it.id}`);
  if (uses.length > 0) throw new Conflict('The item is in use', { details: { usedBy: uses.slice(0, 10).join(', '), uses: uses.length } });
}

function checkBandit({ bandit }: Placement, features: readonly FeatureDefinition[]): void {
  const types = new Map(features.map(it => [it.name, it.valueType]));
  bandit?.features.forEach((name, i) => {
    const type = types.get(name);
    if (type === undefined) throw absent('There is no such feature', `/bandit/features/${i}`);
    if (type !== 'number') throw new InvalidInput('A bandit reads numbers', { details: { path: `/bandit/features/${i}` } });
  });
}

function absent(message: string, path: string): InvalidInput {
  return new InvalidInput(message, { details: { path } });
}
