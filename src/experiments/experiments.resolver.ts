import { Arg, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Placement } from '../content/placement.js';
import { placements } from '../content/placement.schema.js';
import { PlacementType } from '../content/placement.type.js';
import { attributes } from '../customers/attribute.schema.js';
import { eventTypes } from '../events/event-type.schema.js';
import { features } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole, type Principal } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { NotFound } from '../kernel/errors.js';
import { bodyOf } from '../tenants/body.schema.js';
import { allLive, liveIds, oneLive, put } from '../tenants/definition-kind.js';
import type { Definitions, LiveDefinitions } from '../tenants/definitions.js';
import { advance, checkExperiment, checkStillDraft, type ExperimentSurroundings } from './check-experiment.js';
import type { Experiment } from './experiment.js';
import { ExperimentInput, StartExperimentInput, StopExperimentInput } from './experiment.input.js';
import { experiments, parseDraft } from './experiment.schema.js';
import { ExperimentPayload, ExperimentType } from './experiment.type.js';

export interface ExperimentLoaders {
  readonly experimentById: LoaderKey<string, Experiment | null>;
  readonly placementById: LoaderKey<string, Placement | null>;
}

@Resolver(() => ExperimentType)
export class ExperimentsResolver {
  readonly #definitions: Definitions;
  readonly #loaders: ExperimentLoaders;

  constructor(definitions: Definitions, loaders: ExperimentLoaders) {
    this.#definitions = definitions;
    this.#loaders = loaders;
  }

  @Query(() => ExperimentType, { nullable: true, description: 'Null where there is none of this id.' })
  experiment(@Arg('id', () => ID) id: string, @Ctx() { principal, loaders }: RequestContext): Promise<Experiment | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#loaders.experimentById).load(id);
  }

  @FieldResolver(() => PlacementType, { nullable: true })
  placement(@Root() { placementId }: Experiment, @Ctx() { loaders }: RequestContext): Promise<Placement | null> {
    return loaders.get(this.#loaders.placementById).load(placementId);
  }

  @Mutation(() => ExperimentPayload, { description: 'Only while it is a draft.' })
  saveExperiment(@Arg('input', () => ExperimentInput) input: ExperimentInput, @Ctx() { principal }: RequestContext): Promise<ExperimentPayload> {
    requireRole(principal, 'admin');
    const draft = parseDraft(bodyOf(input));
    return this.#save(principal, draft.id, before => {
      checkStillDraft(before);
      return draft;
    });
  }

  @Mutation(() => ExperimentPayload)
  startExperiment(
    @Arg('input', () => StartExperimentInput) { id }: StartExperimentInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<ExperimentPayload> {
    requireRole(principal, 'admin');
    return this.#save(principal, id, before => advance(known(before), 'draft'));
  }

  @Mutation(() => ExperimentPayload, { description: 'It cannot be started again.' })
  async stopExperiment(
    @Arg('input', () => StopExperimentInput) { id }: StopExperimentInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<ExperimentPayload> {
    requireRole(principal, 'admin');
    return this.#save(principal, id, before => advance(known(before), 'running'));
  }

  async #save(
    { tenantId, keyId }: Principal,
    id: string,
    next: (before: Experiment | undefined) => Experiment,
  ): Promise<ExperimentPayload> {
    let experiment: Experiment | undefined;
    const configurationVersion = await this.#definitions.change(tenantId, keyId, async live => {
      experiment = next(await oneLive(experiments, live, id));
      // What has been stopped decides nothing any more, whatever it refers to.
      if (experiment.status !== 'stopped') checkExperiment(experiment, await around(experiment, live));
      return [put(experiments, id, experiment)];
    });
    return { experiment: known(experiment), configurationVersion };
  }
}

function known(experiment: Experiment | undefined): Experiment {
  if (experiment === undefined) throw new NotFound('There is no such experiment', { details: { path: '/id' } });
  return experiment;
}

async function around({ placementId, arms }: Experiment, live: LiveDefinitions): Promise<ExperimentSurroundings> {
  const modelIds = arms.flatMap(({ scorer }) => (scorer?.kind === 'model' ? [scorer.modelId] : []));
  return {
    placement: await oneLive(placements, live, placementId),
    attributes: await allLive(attributes, live),
    eventTypes: await allLive(eventTypes, live),
    features: await allLive(features, live),
    segmentIds: await liveIds('segment', live),
    modelIds: await liveIds('model', live, modelIds),
  };
}
