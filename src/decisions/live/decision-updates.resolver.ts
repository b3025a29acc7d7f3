import { Args, Resolver, Root, Subscription } from 'type-graphql';
import { requireCustomer } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { SubscriptionQueue } from '../../graphql/subscription-hub.js';
import { openedBy } from '../../graphql/subscription-source.js';
import { InvalidInput } from '../../kernel/errors.js';
import { parseAsk } from '../ask.schema.js';
import { DecisionView } from '../decision-view.js';
import { DecisionUpdatesArgs } from '../decisions.args.js';
import { decodeCursor, type DecisionUpdate } from './decision-update.js';
import { DecisionUpdateType } from './decision-update.type.js';
import type { LiveFeed } from './live-feed.js';

/** Only the newest decision is worth sending: it takes the place of one that still waits. */
const newest = 'decision';

@Resolver()
export class DecisionUpdatesResolver {
  readonly #feed: LiveFeed;

  constructor(feed: LiveFeed) {
    this.#feed = feed;
  }

  @Subscription(() => DecisionUpdateType, {
    description: 'The present decision, then a new one whenever the answer changes, with the cause.',
    subscribe: openedBy(() => DecisionUpdatesResolver, (resolver: DecisionUpdatesResolver, args: DecisionUpdatesArgs, context) => resolver.open(args, context)),
  })
  decisionUpdates(@Root() { cursor, decided, cause }: DecisionUpdate, @Args(() => DecisionUpdatesArgs) _args: DecisionUpdatesArgs): DecisionUpdateType {
    return { cursor, decision: new DecisionView(decided), cause: { ...cause, changedAt: new Date(cause.changedAt) } };
  }

  async open({ customerId, placement, context, after }: DecisionUpdatesArgs, { principal }: RequestContext): Promise<AsyncIterable<DecisionUpdate>> {
    requireCustomer(principal, customerId);
    const ask = parseAsk({ customerId, placementId: placement, context });
    const position = after === undefined || after === null ? undefined : decodeCursor(after);
    if (after !== undefined && after !== null && position === undefined) throw new InvalidInput('The cursor is none that was given out here.');
    const feed: { close?: () => void } = {};
    const queue = new SubscriptionQueue<DecisionUpdate>({ capacity: 1, onEnd: () => feed.close?.() });
    feed.close = await this.#feed.watch(principal.tenantId, { ask, position }, update => { queue.push(update, newest); });
    return queue;
  }
}
