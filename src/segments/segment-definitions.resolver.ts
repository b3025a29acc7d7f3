import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { attributes } from '../customers/attribute.schema.js';
import { eventTypes } from '../events/event-type.schema.js';
import { features } from '../features/feature.schema.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import { DeletePayload } from '../tenants/change-payload.type.js';
import { allLive, put, remove } from '../tenants/definition-kind.js';
import type { Definitions, LiveDefinitions } from '../tenants/definitions.js';
import { checkNewSegment, checkSegment, checkSegmentRemoval, checkSegmentUpdate, type CheckSegment } from './check-segment.js';
import type { Segment } from './segment.js';
import { DeleteSegmentInput, SegmentInput } from './segment.input.js';
import { parseSegment, segments } from './segment.schema.js';
import { SegmentPayload, SegmentType } from './segment.type.js';

@Resolver(() => SegmentType)
export class SegmentDefinitionsResolver {
  readonly #definitions: Definitions;
  readonly #byId: LoaderKey<string, Segment | null>;

  constructor(definitions: Definitions, byId: LoaderKey<string, Segment | null>) {
    this.#definitions = definitions;
    this.#byId = byId;
  }

  @Query(() => SegmentType, { nullable: true, description: 'Null where there is none of this id.' })
  segment(@Arg('id', () => ID) id: string, @Ctx() { principal, loaders }: RequestContext): Promise<Segment | null> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#byId).load(id);
  }

  @Mutation(() => SegmentPayload)
  createSegment(@Arg('input', () => SegmentInput) input: SegmentInput, @Ctx() context: RequestContext): Promise<SegmentPayload> {
    return this.#save(input, context, checkNewSegment);
  }

  @Mutation(() => SegmentPayload)
  updateSegment(@Arg('input', () => SegmentInput) input: SegmentInput, @Ctx() context: RequestContext): Promise<SegmentPayload> {
    return this.#save(input, context, checkSegmentUpdate);
  }

  @Mutation(() => DeletePayload, { description: 'Refused while another segment, a rule or an experiment asks for membership in it.' })
  async deleteSegment(
    @Arg('input', () => DeleteSegmentInput) { id }: DeleteSegmentInput,
    @Ctx() { principal }: RequestContext,
  ): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      checkSegmentRemoval(id, await allLive(segments, live), await usersOfSegments(live));
      return [remove(segments, id)];
    });
    return { id, configurationVersion };
  }

  async #save(input: SegmentInput, { principal }: RequestContext, checkAgainst: CheckSegment): Promise<SegmentPayload> {
    requireRole(principal, 'admin');
    const segment = parseSegment(bodyOf(input));
    const configurationVersion = await this.#definitions.change(principal.tenantId, principal.keyId, async live => {
      const all = await allLive(segments, live);
      checkAgainst(segment, all);
      checkSegment(segment, all, { eventTypes: await allLive(eventTypes, live), features: await allLive(features, live), attributes: await allLive(attributes, live) });
      return [put(segments, segment.id, segment)];
    });
    return { segment, configurationVersion };
  }
}

async function usersOfSegments(live: LiveDefinitions): ReturnType<LiveDefinitions['all']> {
  const kinds = ['segment', 'ruleSet', 'ruleSetDraft', 'experiment'] as const;
  const users = [];
  for (const kind of kinds) users.push(...(await live.all(kind)));
  return users;
}
