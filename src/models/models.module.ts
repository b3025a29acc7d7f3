import type { Pool } from 'pg';
import { attributes } from '../customers/attribute.schema.js';
import { features } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { definitionListLoader, definitionLoader } from '../tenants/definition.loader.js';
import type { Definitions } from '../tenants/definitions.js';
import type { InspectModel } from './check-model.js';
import type { ModelArtifacts } from './model-artifacts.js';
import { PostgresModelArtifacts } from './model-artifacts.postgres.js';
import type { ModelDefinition } from './model.js';
import { models } from './model.schema.js';
import { ModelsResolver, ScorerModelResolver } from './models.resolver.js';

export interface ModelsDeps {
  readonly definitions: Definitions;
  readonly artifacts: ModelArtifacts;
  /** Loads an artifact in the runtime to see what it takes and answers. */
  readonly inspect: InspectModel;
}

export interface ModelsModule {
  readonly resolvers: readonly object[];
  readonly modelById: LoaderKey<string, ModelDefinition | null>;
}

/** Apart from the module, since the runtime that inspects and runs artifacts reads them too. */
export function modelArtifacts(pool: Pool): ModelArtifacts {
  return new PostgresModelArtifacts(pool);
}

export function modelsModule({ definitions, artifacts, inspect }: ModelsDeps): ModelsModule {
  const modelById = definitionLoader(definitions, models);
  const allFeatures = definitionListLoader(definitions, features);
  return {
    resolvers: [new ModelsResolver({ definitions, artifacts, inspect, modelById, allFeatures, allAttributes: definitionListLoader(definitions, attributes) }), new ScorerModelResolver(modelById)],
    modelById,
  };
}
