import type { LoaderKey } from '../graphql/loader-scope.js';
import { mostOfAKind, type Kind } from './definition-kind.js';
import type { Definitions } from './definitions.js';

/** The newest definition of an id, null where there is none: one read for all ids that are asked for together. */
export function definitionLoader<T extends object>(definitions: Pick<Definitions, 'find'>, { kind, parse }: Kind<T>): LoaderKey<string, T | null> {
  return {
    name: `${kind} by id`,
    async loadMany(ids, tenantId) {
      const found = await definitions.find(tenantId, kind, ids);
      const byId = new Map(found.map(it => [it.id, it.body]));
      return ids.map(id => {
        const body = byId.get(id);
        return body === undefined ? null : parse(body);
      });
    },
  };
}

/** All newest definitions of a kind, ordered by id; for kinds whose number is bounded. */
export function definitionListLoader<T extends object>(definitions: Pick<Definitions, 'list'>, { kind, parse }: Kind<T>): LoaderKey<'all', readonly T[]> {
  return {
    name: `all of ${kind}`,
    async loadMany(keys, tenantId) {
      const all = await definitions.list(tenantId, kind, { first: mostOfAKind });
      const bodies = all.map(it => parse(it.body));
      return keys.map(() => bodies);
    },
  };
}
