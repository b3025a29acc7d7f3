import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import { allLive, checkRoom, liveIds, oneLive, put } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { checkEventTypes, checkFeature } from './check-feature.js';
import { parseExpression } from './expression.schema.js';
import { checkSameType, type FeatureDefinition } from './feature.js';
import { FeatureDefinitionInput } from './feature.input.js';
import { features, parseNewFeature } from './feature.schema.js';
import { FeatureDefinitionType, UpsertFeatureDefinitionPayload } from './feature.type.js';
import { numbered } from './versions/version.js';

@Resolver(() => FeatureDefinitionType)
export class FeatureDefinitionsResolver {
  readonly #definitions: Definitions;
  readonly #all: LoaderKey<'all', readonly FeatureDefinition[]>;

  constructor(definitions: Definitions, all: LoaderKey<'all', readonly FeatureDefinition[]>) {
    this.#definitions = definitions;
    this.#all = all;
  }

  @Query(() => [FeatureDefinitionType], { description: 'Ordered by name.' })
  featureDefinitions(@Ctx() { principal, loaders }: RequestContext): Promise<readonly FeatureDefinition[]> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#all).load('all');
  }

  @Mutation(() => UpsertFeatureDefinitionPayload, { description: 'What changes how values are computed makes the next version, at once; see proposeFeatureVersion for trying it first.' })
  async upsertFeatureDefinition(
    @Arg('input', () => FeatureDefinitionInput) input: FeatureDefinitionInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<UpsertFeatureDefinitionPayload> {
    requireRole(principal, 'admin');
    const asked = parseNewFeature(bodyOf(input));
    const { name } = asked;
    let featureDefinition = asked;
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      checkEventTypes(asked, await liveIds('eventType', live));
      checkFeature(asked, await allLive(features, live), parseExpression);
      checkRoom(await liveIds('feature', live), name);
      const was = await live.past('feature', name);
      checkSameType(was.map(it => features.parse(it.body)).at(-1), asked); // of one that was deleted, too: values may still be on their way out
      const past = [...was, ...(await live.past('featureCandidate', name))];
      featureDefinition = numbered(asked, await oneLive(features, live, name), past.map(it => features.parse(it.body)));
      return [put(features, name, featureDefinition)];
    });
    return { featureDefinition, configurationVersion };
  }
}
