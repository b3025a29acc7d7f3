import { Conflict } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Definition, LiveDefinitions } from '../tenants/definitions.js';
import { anyEventType, givenEventTypes } from './event-type.js';

/** Everything that may ask for events of a type. */
export async function usersOfEvents(live: LiveDefinitions): Promise<readonly Definition[]> {
  const kinds = ['feature', 'featureCandidate', 'segment', 'ruleSet', 'ruleSetDraft', 'experiment'] as const;
  const users = [];
  for (const kind of kinds) users.push(...(await live.all(kind)));
  return users;
}

/**
 * A given type is there without its definition. One that stands for all types cannot be told to be in use by a name.
 * @throws Conflict where events of the type are asked for; `usedBy` names up to ten that do
 */
export function checkUnused(name: string, definitions: readonly Definition[]): void {
  if (name === anyEventType || givenEventTypes.some(it => it.name === name)) return;
  const uses = definitions.filter(({ body }) => mentions(body, name)).map(it => `${it.kind}/${it.id}`);
  if (uses.length > 0) throw new Conflict('The type of events is in use', { details: { usedBy: uses.slice(0, 10).join(', '), uses: uses.length } });
}

/** Behaviours and aggregates name the type of their events in this field, and nothing else has it. An experiment that is over asks no more. */
function mentions(body: Json, name: string): boolean {
  if (typeof body !== 'object' || body === null) return false;
  if ('status' in body && body['status'] === 'stopped') return false;
  return Object.entries(body).some(([field, value]) => (field === 'event' && value === name) || mentions(value, name));
}
