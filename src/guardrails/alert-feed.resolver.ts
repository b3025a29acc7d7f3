import { Resolver, Root, Subscription } from 'type-graphql';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { subscriptionTo } from '../graphql/subscription-hub.js';
import { openedBy } from '../graphql/subscription-source.js';
import { alertTopic, type Bus } from '../platform/bus.js';
import { AlertType } from './alert.type.js';
import { alertOf, type Alert, type Alerts } from './alerts.js';

export interface AlertFeedDeps {
  readonly bus: Pick<Bus, 'subscribe'>;
  readonly alerts: Pick<Alerts, 'list'>;
}

/** Alerts that may wait for a slow reader. */
const capacity = 1000;
/** As many of the newest are looked through after a gap for what was missed. */
const caughtUp = 100;

@Resolver()
export class AlertFeedResolver {
  readonly #deps: AlertFeedDeps;

  constructor(deps: AlertFeedDeps) {
    this.#deps = deps;
  }

  @Subscription(() => AlertType, {
    description: 'Each alert as it is raised, for servers and admins. What is raised while processes cannot hear each other comes when they can.',
    subscribe: openedBy(() => AlertFeedResolver, (resolver: AlertFeedResolver, _args: object, context) => resolver.open(context)),
  })
  alerts(@Root() alert: Alert): AlertType {
    return alert;
  }

  async open({ principal }: RequestContext): Promise<AsyncIterable<Alert>> {
    requireRole(principal, 'server', 'admin');
    const { bus, alerts } = this.#deps;
    const { tenantId } = principal;
    const newest = async (first: number): Promise<readonly Alert[]> => alerts.list(tenantId, { first, before: undefined });
    let last = (await newest(1))[0]?.id ?? '';
    return subscriptionTo<Alert>(capacity, queue => {
      const tell = (alert: Alert): void => {
        if (alert.id <= last) return; // ids grow with time
        last = alert.id;
        queue.push(alert);
      };
      return bus.subscribe(alertTopic(tenantId), async event => {
        if (event.kind === 'message') tell(alertOf(event.message));
        else for (const alert of [...(await newest(caughtUp))].reverse()) tell(alert);
      });
    });
  }
}
