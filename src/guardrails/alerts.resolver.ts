import { Args, Ctx, Query, Resolver } from 'type-graphql';
import { connectionOf, PageArgs, pageRequest, type Connection } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { AlertConnectionType } from './alert.type.js';
import type { Alert, Alerts } from './alerts.js';

@Resolver()
export class AlertsResolver {
  readonly #alerts: Alerts;

  constructor(alerts: Alerts) {
    this.#alerts = alerts;
  }

  @Query(() => AlertConnectionType, { description: 'Newest first.' })
  async alerts(@Ctx() { principal }: RequestContext, @Args(() => PageArgs) args: PageArgs): Promise<Connection<Alert>> {
    requireRole(principal, 'server', 'admin');
    const page = pageRequest(args);
    const before = page.after === undefined ? undefined : String(page.after[0]);
    return connectionOf(await this.#alerts.list(principal.tenantId, { first: page.first + 1, before }), page, it => [it.id]);
  }
}
