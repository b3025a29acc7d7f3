import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { summaryOf, type Ingest } from './ingest.js';
import { EventInput, IngestResultType } from './ingest.type.js';

@Resolver()
export class EventsResolver {
  readonly #ingest: Ingest;

  constructor(ingest: Ingest) {
    this.#ingest = ingest;
  }

  @Mutation(() => IngestResultType, { description: 'Up to 1,000 events. What is answered as accepted is committed.' })
  async ingestEvents(@Ctx() { principal }: RequestContext, @Arg('input', () => [EventInput]) input: EventInput[]): Promise<IngestResultType> {
    requireRole(principal, 'server', 'admin');
    return summaryOf(await this.#ingest(principal.tenantId, input));
  }
}
