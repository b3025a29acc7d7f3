import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { connectionOf, pageRequest, PageArgs, type Connection } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { InvalidInput, NotFound } from '../kernel/errors.js';
import { bodyOf } from '../tenants/body.schema.js';
import { DeletePayload } from '../tenants/change-payload.type.js';
import { checkRoom, liveIds, put, remove } from '../tenants/definition-kind.js';
import type { Definitions } from '../tenants/definitions.js';
import { anyEventType, givenEventTypes, learnedSchema, type EventType, type LearnedProperty } from './event-type.js';
import { compileProperties, eventTypes, parseEventType } from './event-type.schema.js';
import { checkUnused, usersOfEvents } from './event-type-uses.js';
import {
  DeleteEventTypeInput, EventTypeInput, EventTypeType, EventTypeVersionType, RejectedEventConnectionType, ResendRejectedEventsInput, shownType, shownVersion, UpsertEventTypePayload,
  type RejectedEventType,
} from './event-type.type.js';
import type { Ingested } from './event.js';
import { summaryOf } from './ingest.js';
import { IngestResultType } from './ingest.type.js';
import type { RejectedEvents, RejectedFilter } from './rejected-events.js';

export interface EventTypesResolverDeps {
  readonly definitions: Definitions;
  readonly defined: (tenantId: string) => Promise<readonly EventType[]>;
  readonly learned: (tenantId: string) => Promise<readonly LearnedProperty[]>;
  readonly rejected: RejectedEvents;
  readonly resend: (tenantId: string, filter: RejectedFilter) => Promise<readonly Ingested[]>;
}

@Resolver(() => EventTypeType)
export class EventTypesResolver {
  readonly #deps: EventTypesResolverDeps;

  constructor(deps: EventTypesResolverDeps) {
    this.#deps = deps;
  }

  @Query(() => [EventTypeType], { description: 'Those given and those defined, and those that were only seen, ordered by name.' })
  async eventTypes(@Ctx() { principal: { tenantId }, principal }: RequestContext): Promise<readonly EventTypeType[]> {
    requireRole(principal, 'server', 'admin');
    const [defined, learned] = await Promise.all([this.#deps.defined(tenantId), this.#deps.learned(tenantId)]);
    const own = new Set(defined.map(it => it.name));
    const seen = [...new Set(learned.map(it => it.type))].map((name): EventType => ({ name, description: '', schema: {}, mode: 'learn' }));
    const all = new Map([...seen, ...givenEventTypes, ...defined].map(it => [it.name, it]));
    return [...all.values()].sort((a, b) => (a.name < b.name ? -1 : 1)).map(type => {
      const properties = learned.filter(it => it.type === type.name);
      return shownType(type, own.has(type.name), properties.length === 0 ? null : learnedSchema(properties));
    });
  }

  @Query(() => [EventTypeVersionType], { description: 'All definitions that a type has had, oldest first; without any, it is as given.' })
  async eventTypeVersions(@Arg('name', () => ID) name: string, @Ctx() { principal }: RequestContext): Promise<readonly EventTypeVersionType[]> {
    requireRole(principal, 'server', 'admin');
    const past = await this.#deps.definitions.past(principal.tenantId, eventTypes.kind, name);
    return past.map(({ body, since }, i) => ({ ...shownVersion(eventTypes.parse(body)), version: i + 1, since }));
  }

  @Mutation(() => UpsertEventTypePayload, { description: 'From now on; events that are in the log stay.' })
  async upsertEventType(@Arg('input', () => EventTypeInput) input: EventTypeInput, @Ctx() { principal }: RequestContext): Promise<UpsertEventTypePayload> {
    requireRole(principal, 'admin');
    const type = parseEventType(bodyOf(input));
    compileProperties(type.schema);
    const configurationVersion = await this.#deps.definitions.change(principal.tenantId, principal.keyId, async live => {
      checkRoom(await liveIds('eventType', live), type.name);
      return [put(eventTypes, type.name, type)];
    });
    return { eventType: shownType(type, true, null), configurationVersion };
  }

  @Mutation(() => DeletePayload, { description: `A given type is as it was given again; events of another one are then refused, unless ${anyEventType} is defined.` })
  async deleteEventType(@Arg('input', () => DeleteEventTypeInput) { name }: DeleteEventTypeInput, @Ctx() { principal }: RequestContext): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const configurationVersion = await this.#deps.definitions.change(principal.tenantId, principal.keyId, async live => {
      if (!(await liveIds('eventType', live, [name])).has(name)) throw new NotFound('No such event type is defined', { details: { path: '/name' } });
      checkUnused(name, await usersOfEvents(live));
      return [remove(eventTypes, name)];
    });
    return { id: name, configurationVersion };
  }

  @Query(() => RejectedEventConnectionType, { description: 'Events that were not taken, oldest first.' })
  async rejectedEvents(
    @Args(() => PageArgs) args: PageArgs,
    @Arg('type', () => String, { nullable: true }) type: string | null,
    @Ctx() { principal }: RequestContext,
  ): Promise<Connection<RejectedEventType>> {
    requireRole(principal, 'admin');
    const page = pageRequest(args);
    const after = page.after === undefined ? 0 : page.after[0];
    if (!Number.isSafeInteger(after)) throw new InvalidInput('The cursor is of another list');
    const rows = await this.#deps.rejected.list(principal.tenantId, { type: type ?? undefined }, { first: page.first + 1, after: Number(after) });
    return connectionOf(rows, page, it => [it.seq]);
  }

  @Mutation(() => IngestResultType, { description: 'Sends up to 1,000 rejected events once more, oldest first. Those that are taken are no longer kept.' })
  async resendRejectedEvents(@Arg('input', () => ResendRejectedEventsInput) input: ResendRejectedEventsInput, @Ctx() { principal }: RequestContext): Promise<IngestResultType> {
    requireRole(principal, 'admin');
    return summaryOf(await this.#deps.resend(principal.tenantId, { type: input.type ?? undefined, eventIds: input.eventIds ?? undefined }));
  }
}
