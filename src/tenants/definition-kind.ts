import { LimitExceeded } from '../kernel/errors.js';
import type { Json } from '../kernel/json.js';
import type { Definition, DefinitionChange, DefinitionKind, LiveDefinitions } from './definitions.js';

/** Ties a kind of definition to the type of its body. */
export interface Kind<T extends object> {
  readonly kind: DefinitionKind;
  /** @throws InvalidInput where the body is not of the kind's shape */
  readonly parse: (body: unknown) => T;
}

export async function allLive<T extends object>({ kind, parse }: Kind<T>, live: LiveDefinitions): Promise<readonly T[]> {
  const definitions: readonly Definition[] = await live.all(kind);
  return definitions.map(it => parse(it.body));
}

export async function oneLive<T extends object>({ kind, parse }: Kind<T>, live: LiveDefinitions, id: string): Promise<T | undefined> {
  const [found] = await live.find(kind, [id]);
  return found && parse(found.body);
}

/** Those of `ids` that are there; without them, all that are there. */
export async function liveIds(kind: DefinitionKind, live: LiveDefinitions, ids?: readonly string[]): Promise<ReadonlySet<string>> {
  const found = await (ids === undefined ? live.all(kind) : live.find(kind, ids));
  return new Set(found.map(it => it.id));
}

/** Features, segments, placements and rule sets are read whole, so there may be this many of each. */
export const mostOfAKind = 1000;

/** @throws LimitExceeded where one more is too many */
export function checkRoom(ids: ReadonlySet<string>, id: string): void {
  if (ids.size >= mostOfAKind && !ids.has(id)) {
    throw new LimitExceeded('There is no room for another one of this kind', { details: { limit: mostOfAKind } });
  }
}

export function put<T extends object>({ kind }: Kind<T>, id: string, body: T): DefinitionChange {
  return { kind, id, body: body as unknown as Json };
}

export function remove<T extends object>({ kind }: Kind<T>, id: string): DefinitionChange {
  return { kind, id, body: null };
}
