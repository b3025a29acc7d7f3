import { restsOn, type ParseExpression } from './derived.js';
import type { FeatureDefinition } from './feature.js';

/** Purposes by the type of the events. */
export type EventPurposes = ReadonlyMap<string, readonly string[]>;

/** The features, each with the purposes too of the events that it, or what it is derived from, is computed from. */
export function withEventPurposes(features: readonly FeatureDefinition[], of: EventPurposes, parse: ParseExpression): readonly FeatureDefinition[] {
  if (of.size === 0) return features;
  const byName = new Map(features.map(it => [it.name, it]));
  const found = new Map<string, readonly string[]>();
  const visit = (name: string): readonly string[] => {
    const known = found.get(name);
    if (known !== undefined) return known;
    found.set(name, []);
    const feature = byName.get(name);
    const all = new Set([...(feature?.purposes ?? []), ...(feature === undefined ? [] : purposesOfEvents(feature, of)), ...restsOn(feature, parse).flatMap(visit)]);
    const sorted = [...all].sort();
    found.set(name, sorted);
    return sorted;
  };
  return features.map(it => ({ ...it, purposes: visit(it.name) }));
}

/** An aggregate over events of any type needs the purposes of all types. */
function purposesOfEvents({ aggregate }: FeatureDefinition, of: EventPurposes): readonly string[] {
  const filters = aggregate === undefined ? [] : [aggregate, ...(aggregate.per === undefined ? [] : [aggregate.per])];
  return filters.flatMap(({ event }) => (event === undefined ? [...of.values()].flat() : (of.get(event) ?? [])));
}
