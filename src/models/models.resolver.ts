import { Arg, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ScorerType } from '../content/placement.type.js';
import type { ScorerRef } from '../content/placement.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { FeatureDefinition } from '../features/feature.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import { put } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { checkModel, type InspectModel } from './check-model.js';
import { widthOf } from './input-contract.js';
import type { ModelArtifacts } from './model-artifacts.js';
import type { ModelDefinition } from './model.js';
import { RegisterModelInput } from './model.input.js';
import { models, parseArtifact, parseModelDescription } from './model.schema.js';
import { ModelType, RegisterModelPayload } from './model.type.js';

export interface ModelsResolverDeps {
  readonly definitions: Definitions;
  readonly artifacts: ModelArtifacts;
  readonly inspect: InspectModel;
  readonly modelById: LoaderKey<string, ModelDefinition | null>;
  readonly allFeatures: LoaderKey<'all', readonly FeatureDefinition[]>;
  readonly allAttributes: LoaderKey<'all', readonly AttributeDefinition[]>;
}

@Resolver(() => ModelType)
export class ModelsResolver {
  readonly #deps: ModelsResolverDeps;

  constructor(deps: ModelsResolverDeps) {
    this.#deps = deps;
  }

  @Query(() => ModelType, { nullable: true, description: 'Null where there is none of this id.' })
  model(@Arg('id', () => ID) id: string, @Ctx() { principal, loaders }: RequestContext): Promise<ModelDefinition | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#deps.modelById).load(id);
  }

  @FieldResolver(() => Int, { description: 'Columns of a row.' })
  inputWidth(@Root() { inputs }: ModelDefinition): number {
    return widthOf(inputs);
  }

  @Mutation(() => RegisterModelPayload, { description: 'Refused unless the artifact loads and fits its input contract.' })
  async registerModel(
    @Arg('input', () => RegisterModelInput) { artifact, ...input }: RegisterModelInput,
    @Ctx() { principal, loaders }: RequestContext,
  ): Promise<RegisterModelPayload> {
    requireRole(principal, 'admin');
    const { definitions, artifacts, inspect, allFeatures, allAttributes } = this.#deps;
    const bytes = parseArtifact(artifact);
    const description = parseModelDescription(bodyOf(input));
    // Features stay, and keep their types: what fits now will fit when the change is made.
    const [features, attributes] = await Promise.all([loaders.get(allFeatures).load('all'), loaders.get(allAttributes).load('all')]);
    checkModel(description, await inspect(bytes), { features, attributes });
    const model = { ...description, artifact: await artifacts.put(principal.tenantId, bytes) };
    const configurationVersion = await definitions.change(principal.tenantId, principal.keyId, [put(models, model.id, model)]);
    return { model, configurationVersion };
  }
}

/** Adds the model to scorers from here, downstream of where they are declared. */
@Resolver(() => ScorerType)
export class ScorerModelResolver {
  readonly #modelById: LoaderKey<string, ModelDefinition | null>;

  constructor(modelById: LoaderKey<string, ModelDefinition | null>) {
    this.#modelById = modelById;
  }

  @FieldResolver(() => ModelType, { nullable: true, description: 'Of a scorer of kind model.' })
  async model(@Root() scorer: ScorerRef, @Ctx() { loaders }: RequestContext): Promise<ModelDefinition | null> {
    return scorer.kind === 'model' ? loaders.get(this.#modelById).load(scorer.modelId) : null;
  }
}
