import { definitionListLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { FeatureDefinitionsResolver } from './feature-definitions.resolver.js';
import { features } from './feature.schema.js';

export function featureDefinitionsModule({ definitions }: { readonly definitions: Definitions }): { readonly resolvers: readonly object[] } {
  return { resolvers: [new FeatureDefinitionsResolver(definitions, definitionListLoader(definitions, features))] };
}
