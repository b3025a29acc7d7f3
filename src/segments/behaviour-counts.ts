import { countedBehaviour, type CountedBehaviour } from '../conditions/behaviour.js';
import type { Behaviour } from '../conditions/condition.js';
import type { FeatureDefinition } from '../features/feature.js';
import type { Json } from '../kernel/json.js';
import type { Definition, DefinitionKind } from '../tenants/definitions.js';
import { isStopped } from './check-segment.js';

/** Kinds of definitions whose conditions may ask for behaviour, once they are live. */
export const kindsThatAsk: ReadonlySet<DefinitionKind> = new Set(['segment', 'ruleSet', 'experiment']);

/** A count is what it is until it is counted anew: it does not grow stale. */
const ttlMs = 10 * 366 * 86_400_000;

/**
 * The counts that these definitions ask for, each as a feature that nobody has defined: it is counted, kept and sent to readers like the others,
 * under the key of the behaviour.
 */
export function behaviourCounts(definitions: readonly Definition[]): readonly FeatureDefinition[] {
  const found = new Map<string, CountedBehaviour>();
  for (const { kind, body } of definitions) {
    if (!kindsThatAsk.has(kind) || isStopped(body)) continue;
    for (const did of behavioursWithin(body)) {
      const counted = countedBehaviour(did);
      found.set(counted.key, counted);
    }
  }
  return [...found.values()].map(({ key, event, where, windowMs = Infinity, since }) => ({
    name: key, description: '', kind: 'behavioral', valueType: 'number', ttlMs, aggregate: { function: 'count', event, where, windowMs, since },
  }));
}

/** Wherever a condition stands in the body: only a condition has a field of this name. */
function behavioursWithin(body: Json): readonly Behaviour[] {
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([field, value]) => (field === 'did' ? [value as unknown as Behaviour] : behavioursWithin(value)));
}
