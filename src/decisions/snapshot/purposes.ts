import { behavioursOf } from '../../conditions/behaviour.js';
import { readsOf } from '../../conditions/condition.js';
import type { ModelDefinition } from '../../models/model.js';
import type { Segment } from '../../segments/segment.js';
import type { Guard, PlacementReads, TenantConfiguration } from './snapshot.js';

type ByName = ReadonlyMap<string, readonly string[]>;

/** Purposes of all that a tenant has defined, those included of what it is made from; names without any are absent. */
export interface Purposes {
  readonly events: ByName;
  readonly features: ByName;
  readonly attributes: ByName;
  readonly segments: ByName;
}

export function purposesOf({ features, attributes = [], segments, eventPurposes = new Map() }: TenantConfiguration): Purposes {
  const ofFeatures = declared(features.map(({ name, purposes }) => [name, purposes]));
  const ofAttributes = declared(attributes.map(({ name, purposes }) => [name, purposes]));
  const of = { events: eventPurposes, features: ofFeatures, attributes: ofAttributes };
  return { ...of, segments: ofSegments(segments, of) };
}

/** A segment needs what its condition's features, behaviours, attributes and segments need. Segments have no cycle, since none can be saved. */
function ofSegments(segments: readonly Segment[], of: Omit<Purposes, 'segments'>): ByName {
  const byId = new Map(segments.map(it => [it.id, it]));
  const found = new Map<string, readonly string[]>();
  const visit = (id: string): readonly string[] => {
    const known = found.get(id);
    if (known !== undefined) return known;
    const segment = byId.get(id);
    found.set(id, segment?.purposes ?? []);
    if (segment?.condition === undefined) return segment?.purposes ?? [];
    const reads = readsOf(segment.condition);
    const all = [
      segment.purposes,
      ...Array.from(reads.features, it => of.features.get(it)),
      ...behavioursOf(segment.condition).map(it => of.events.get(it.event)),
      ...Array.from(reads.attributes, it => of.attributes.get(it)),
      ...Array.from(reads.segments, visit),
    ];
    const sorted = [...new Set(all.flatMap(it => it ?? []))].sort();
    found.set(id, sorted);
    return sorted;
  };
  return declared(segments.map(({ id }) => [id, visit(id)]));
}

/** Undefined where nothing that the placement reads needs consent. */
export function guardOf(reads: PlacementReads, models: readonly ModelDefinition[], of: Purposes): Guard | undefined {
  const open = (templates: PlacementReads['featuresByCategory']) => (name: string): boolean =>
    templates.some(([before, after]) => name.startsWith(before) && name.endsWith(after));
  const behaviours = new Map(Array.from(reads.behaviours, ([key, event]) => [key, { event, purposes: of.events.get(event) ?? [] }] as const).filter(([, it]) => it.purposes.length > 0));
  const guard = {
    features: only(of.features, reads.features, open(reads.featuresByCategory)),
    attributes: only(of.attributes, reads.attributes, open(reads.attributesByCategory)),
    segments: only(of.segments, reads.segments, () => false),
    models: declared(models.map(({ id, purposes }) => [id, purposes])),
  };
  const purposes = new Set([...Object.values(guard).flatMap(it => [...it.values()].flat()), ...[...behaviours.values()].flatMap(it => it.purposes)]);
  return purposes.size === 0 ? undefined : { ...guard, behaviours, purposes };
}

function only(of: ByName, names: readonly string[], mayBeRead: (name: string) => boolean): ByName {
  const wanted = new Set(names);
  return new Map([...of].filter(([name]) => wanted.has(name) || mayBeRead(name)));
}

const declared = (entries: readonly (readonly [string, readonly string[] | undefined])[]): ByName =>
  new Map(entries.flatMap(([name, purposes]) => (purposes === undefined || purposes.length === 0 ? [] : [[name, purposes] as const])));
