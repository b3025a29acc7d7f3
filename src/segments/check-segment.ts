import { attributeNames, checkCondition, eventNames, featureNames } from '../conditions/check.js';
import { readsOf } from '../conditions/condition.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { EventType } from '../events/event-type.js';
import type { FeatureDefinition } from '../features/feature.js';
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Definition } from '../tenants/definitions.js';
import type { Segment } from './segment.js';

export interface SegmentSurroundings {
  readonly eventTypes: readonly EventType[];
  readonly features: readonly FeatureDefinition[];
  readonly attributes: readonly AttributeDefinition[];
}

/**
 * Refuses a segment whose condition could not be answered beside the segments and features that there are.
 * @throws InvalidInput with the `path` of the fault; where segments would rest on each other, with that `cycle` as text: a > b > a
 */
export function checkSegment(segment: Segment, segments: readonly Segment[], { eventTypes, features, attributes }: SegmentSurroundings): void {
  if (segment.condition === undefined) return;
  const byId = new Map(segments.map(it => [it.id, it]));
  byId.set(segment.id, segment);
  checkCondition(segment.condition, { attribute: attributeNames(attributes), feature: featureNames(features), did: eventNames(eventTypes), inSegment: new Set(byId.keys()) }, '/condition');
  const cycle = cycleThrough(segment.id, byId);
  if (cycle !== undefined) {
    throw new InvalidInput('A segment cannot rest on itself', { details: { path: '/condition', cycle: cycle.join(' > ') } });
  }
}

/** The shortest way from a segment back to itself. */
function cycleThrough(id: string, byId: ReadonlyMap<string, Segment>): readonly string[] | undefined {
  const seen = new Set<string>();
  let ways: readonly (readonly string[])[] = [[id]];
  while (ways.length > 0) {
    const longer: (readonly string[])[] = [];
    for (const way of ways) {
      for (const next of restsOn(byId.get(way.at(-1) ?? ''))) {
        if (next === id) return [...way, next];
        if (!seen.has(next)) longer.push([...way, next]);
        seen.add(next);
      }
    }
    ways = longer;
  }
  return undefined;
}

function restsOn(segment: Segment | undefined): ReadonlySet<string> {
  return segment?.condition === undefined ? new Set() : readsOf(segment.condition).segments;
}

export type CheckSegment = (segment: Segment, segments: readonly Segment[]) => void;

/** @throws Conflict where there is one of its id */
export const checkNewSegment: CheckSegment = ({ id }, segments) => {
  if (segments.some(it => it.id === id)) throw new Conflict('There is a segment of this id', { details: { path: '/id' } });
};

/** @throws NotFound where there is none of its id, Conflict where a list would become a condition, or the other way */
export const checkSegmentUpdate: CheckSegment = ({ id, condition }, segments) => {
  const before = segments.find(it => it.id === id);
  if (before === undefined) throw new NotFound('There is no such segment', { details: { path: '/id' } });
  if ((before.condition === undefined) !== (condition === undefined)) {
    throw new Conflict('A list that is kept by hand stays one, and so does a condition', { details: { path: '/condition' } });
  }
};

/**
 * @param definitions everything that may ask for membership
 * @throws NotFound where there is none of this id, Conflict where it is asked for; `usedBy` names up to ten that do
 */
export function checkSegmentRemoval(id: string, segments: readonly Segment[], definitions: readonly Definition[]): void {
  if (!segments.some(it => it.id === id)) throw new NotFound('There is no such segment', { details: { path: '/id' } });
  const uses = usesOfSegment(id, definitions);
  if (uses.length > 0) throw new Conflict('The segment is in use', { details: { usedBy: uses.slice(0, 10).join(', '), uses: uses.length } });
}

/** Those of `definitions`, as `kind/id`, whose conditions ask for membership in the segment. What has been stopped asks no more. */
function usesOfSegment(id: string, definitions: readonly Definition[]): readonly string[] {
  return definitions.filter(({ body }) => !isStopped(body) && mentions(body, id)).map(it => `${it.kind}/${it.id}`);
}

/** Of an experiment that is over. */
export function isStopped(body: Json): boolean {
  return typeof body === 'object' && body !== null && 'status' in body && body['status'] === 'stopped';
}

function mentions(body: Json, id: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  return Object.entries(body).some(([key, value]) => (key === 'inSegment' && value === id) || mentions(value, id));
}
