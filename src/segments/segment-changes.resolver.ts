import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { subscriptionTo } from '../graphql/subscription-hub.js';
import { openedBy } from '../graphql/subscription-source.js';
import type { Clock } from '../kernel/clock.js';
import type { Bus } from '../platform/bus.js';
import { segmentTopic } from '../platform/bus.js';
import { noSegment } from './member-lists.js';
import type { SegmentChange, SegmentMoved } from './segment-change.js';
import { SegmentChangeType } from './segment-change.type.js';
import type { Segment } from './segment.js';

export interface SegmentChangesDeps {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly clock: Clock;
}

/** Customers whose last change may wait for a slow reader. */
const capacity = 10_000;

@Resolver()
export class SegmentChangesResolver {
  readonly #deps: SegmentChangesDeps;

  constructor(deps: SegmentChangesDeps) {
    this.#deps = deps;
  }

  @Subscription(() => SegmentChangeType, {
    description: 'Each customer who enters the segment or leaves it, with the cause. Of a customer whose changes wait to be sent, only the last one is.',
    subscribe: openedBy(() => SegmentChangesResolver, (resolver: SegmentChangesResolver, { segment }: { readonly segment: string }, context) => resolver.open(segment, context)),
  })
  segmentChanges(@Root() change: SegmentChange, @Arg('segment', () => ID) _segment: string): SegmentChangeType {
    const changedAt = new Date(change.changedAt);
    return change.move === 'GAP' ? { move: 'GAP', customerId: null, cause: null, changedAt } : { ...change, changedAt };
  }

  async open(segmentId: string, { principal, loaders }: RequestContext): Promise<AsyncIterable<SegmentChange>> {
    requireRole(principal, 'server', 'admin');
    const { bus, segmentById, clock } = this.#deps;
    if ((await loaders.get(segmentById).load(segmentId)) === null) throw noSegment();
    return subscriptionTo<SegmentChange>(capacity, queue =>
      bus.subscribe(segmentTopic(principal.tenantId, segmentId), event => {
        if (event.kind === 'gap') queue.push({ move: 'GAP', changedAt: clock.now() }, 'gap');
        else for (const move of (event.message as unknown as SegmentMoved).moves) queue.push(move, `of ${move.customerId}`);
      }));
  }
}
