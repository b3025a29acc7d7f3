import type { Counting } from '../events/event.js';
import { eventTypesOf } from './aggregate-sql.js';
import { restMsOf, type FeatureDefinition } from './feature.js';

/** What these definitions, which are live at a version of the configuration, count from events. */
export function countingOf(version: number, definitions: readonly FeatureDefinition[]): Counting {
  const types = eventTypesOf(definitions.flatMap(({ aggregate }) => (aggregate === undefined ? [] : [{ aggregate }])));
  const counted = new Set(types);
  const rests = definitions.filter(it => it.aggregate !== undefined || it.expression !== undefined).map(restMsOf);
  return { version, counts: type => types === undefined || counted.has(type), restMs: rests.length === 0 ? undefined : Math.min(...rests) };
}
