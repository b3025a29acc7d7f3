import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { attributes } from '../customers/attribute.schema.js';
import { eventTypes } from '../events/event-type.schema.js';
import { features } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { NotFound } from '../kernel/errors.js';
import { bodyOf } from '../tenants/body.schema.js';
import { allLive, checkRoom, liveIds, oneLive, put } from '../tenants/definition-kind.js';
import type { Definitions, LiveDefinitions } from '../tenants/definitions.js';
import { checkRuleSet, type RuleSetSurroundings } from './check-rule-set.js';
import { pairRuleSets, stateOfRuleSet, type RuleSet } from './rule-set.js';
import { PublishRuleSetInput, RuleSetInput } from './rule-set.input.js';
import { parseRuleSet, ruleSetDrafts, ruleSets } from './rule-set.schema.js';
import { RuleSetPayload, RuleSetType } from './rule-set.type.js';

export interface RuleSetLoaders {
  readonly live: LoaderKey<'all', readonly RuleSet[]>;
  readonly drafts: LoaderKey<'all', readonly RuleSet[]>;
}

@Resolver(() => RuleSetType)
export class RuleSetsResolver {
  readonly #definitions: Definitions;
  readonly #loaders: RuleSetLoaders;

  constructor(definitions: Definitions, loaders: RuleSetLoaders) {
    this.#definitions = definitions;
    this.#loaders = loaders;
  }

  @Query(() => [RuleSetType], { description: 'Ordered by id.' })
  async ruleSets(@Ctx() { principal, loaders }: RequestContext): Promise<readonly RuleSetType[]> {
    requireRole(principal, 'server', 'admin');
    const [live, drafts] = await Promise.all([loaders.get(this.#loaders.live).load('all'), loaders.get(this.#loaders.drafts).load('all')]);
    return pairRuleSets(live, drafts);
  }

  @Mutation(() => RuleSetPayload, { description: 'Keeps a draft; what is live stays.' })
  async saveRuleSet(@Arg('input', () => RuleSetInput) input: RuleSetInput, @Ctx() { principal }: RequestContext): Promise<RuleSetPayload> {
    requireRole(principal, 'admin');
    const draft = parseRuleSet(bodyOf(input));
    let live: RuleSet | undefined;
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async now => {
      checkRoom(await liveIds('ruleSetDraft', now), draft.id);
      checkRuleSet(draft, await around(now));
      live = await oneLive(ruleSets, now, draft.id);
      return [put(ruleSetDrafts, draft.id, draft)];
    });
    return { ruleSet: stateOfRuleSet(draft.id, live, draft), configurationVersion };
  }

  @Mutation(() => RuleSetPayload, { description: 'Makes the draft live, if it still fits the features, segments and placements that there are.' })
  async publishRuleSet(
    @Arg('input', () => PublishRuleSetInput) { id }: PublishRuleSetInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<RuleSetPayload> {
    requireRole(principal, 'admin');
    let published: RuleSet | undefined;
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async now => {
      const draft = await oneLive(ruleSetDrafts, now, id);
      if (draft === undefined) throw new NotFound('There is no draft of this id', { details: { path: '/id' } });
      checkRuleSet(draft, await around(now));
      published = draft;
      return [put(ruleSets, id, draft)];
    });
    return { ruleSet: stateOfRuleSet(id, published, published), configurationVersion };
  }
}

async function around(live: LiveDefinitions): Promise<RuleSetSurroundings> {
  return {
    attributes: await allLive(attributes, live),
    eventTypes: await allLive(eventTypes, live),
    features: await allLive(features, live),
    segmentIds: await liveIds('segment', live),
    placementIds: await liveIds('placement', live),
  };
}
