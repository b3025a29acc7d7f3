import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { ruleSetDrafts, ruleSets } from './rule-set.schema.js';
import { RuleSetsResolver } from './rule-sets.resolver.js';

export function rulesModule({ definitions }: { readonly definitions: Definitions }): { readonly resolvers: readonly object[] } {
  const loaders = { live: definitionListLoader(definitions, ruleSets), drafts: definitionListLoader(definitions, ruleSetDrafts) };
  return { resolvers: [new RuleSetsResolver(definitions, loaders)] };
}
