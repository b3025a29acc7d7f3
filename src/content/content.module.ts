import type { LoaderKey } from '../graphql/loader-scope.js';
import { definitionListLoader, definitionLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { ContentResolver } from './content.resolver.js';
import type { Item } from './item.js';
import { items } from './item.schema.js';
import type { Placement } from './placement.js';
import { placements } from './placement.schema.js';
import { PlacementsResolver } from './placements.resolver.js';

export interface ContentModule {
  readonly resolvers: readonly object[];
  readonly itemById: LoaderKey<string, Item | null>;
  readonly placementById: LoaderKey<string, Placement | null>;
}

export function contentModule({ definitions }: { readonly definitions: Definitions }): ContentModule {
  const itemById = definitionLoader(definitions, items);
  const placementById = definitionLoader(definitions, placements);
  const allPlacements = definitionListLoader(definitions, placements);
  return {
    resolvers: [new ContentResolver(definitions, itemById), new PlacementsResolver(definitions, { itemById, allPlacements })],
    itemById,
    placementById,
  };
}
