import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { cursorAt, positionOf } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import type { EventStream } from './event-stream.js';
import type { ReplayLog } from './replay.js';
import { parseReplay } from './replay.schema.js';
import { ReplayEventsInput, ReplayPageType } from './replay.type.js';

const customersOfPage = 500;

@Resolver()
export class ReplayResolver {
  readonly #log: ReplayLog;
  readonly #stream: Pick<EventStream, 'publish'>;

  constructor(log: ReplayLog, stream: Pick<EventStream, 'publish'>) {
    this.#log = log;
    this.#stream = stream;
  }

  @Mutation(() => ReplayPageType, {
    description: 'Streams a part of the log again, a page of customers at a time: what is made from their events is made anew. Changes nothing where all is as it should be.',
  })
  async replayEvents(@Arg('input', () => ReplayEventsInput) { after, ...input }: ReplayEventsInput, @Ctx() { principal }: RequestContext): Promise<ReplayPageType> {
    requireRole(principal, 'admin');
    const filter = parseReplay(bodyOf(input));
    const { tenantId } = principal;
    const position = after === undefined || after === null ? undefined : String(positionOf(after)[0]);
    const total = position === undefined ? await this.#log.count(tenantId, filter) : undefined;
    const { customerIds, events } = await this.#log.mark(tenantId, filter, { first: customersOfPage, after: position });
    await this.#stream.publish(tenantId, customerIds);
    const last = customerIds.length === customersOfPage ? customerIds.at(-1) : undefined;
    return { events, customers: customerIds.length, totalCustomers: total?.customers ?? null, after: last === undefined ? null : cursorAt([last]) };
  }
}
