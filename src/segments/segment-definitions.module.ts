import type { LoaderKey } from '../graphql/loader-scope.js';
import { definitionLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import { SegmentDefinitionsResolver } from './segment-definitions.resolver.js';
import type { Segment } from './segment.js';
import { segments } from './segment.schema.js';

export interface SegmentDefinitionsModule {
  readonly resolvers: readonly object[];
  readonly segmentById: LoaderKey<string, Segment | null>;
}

export function segmentDefinitionsModule({ definitions }: { readonly definitions: Definitions }): SegmentDefinitionsModule {
  const segmentById = definitionLoader(definitions, segments);
  return { resolvers: [new SegmentDefinitionsResolver(definitions, segmentById)], segmentById };
}
