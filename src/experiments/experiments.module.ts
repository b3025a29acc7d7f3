import type { Placement } from '../content/placement.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { definitionLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import type { Experiment } from './experiment.js';
import { experiments } from './experiment.schema.js';
import { ExperimentsResolver } from './experiments.resolver.js';

export interface ExperimentsDeps {
  readonly definitions: Definitions;
  readonly placementById: LoaderKey<string, Placement | null>;
}

export interface ExperimentsModule {
  readonly resolvers: readonly object[];
  readonly experimentById: LoaderKey<string, Experiment | null>;
}

export function experimentsModule({ definitions, placementById }: ExperimentsDeps): ExperimentsModule {
  const experimentById = definitionLoader(definitions, experiments);
  return { resolvers: [new ExperimentsResolver(definitions, { experimentById, placementById })], experimentById };
}
