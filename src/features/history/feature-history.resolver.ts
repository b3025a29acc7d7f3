import { Args, Ctx, Query, Resolver } from 'type-graphql';
import { connectionOf, pageRequest, type Connection } from '../../graphql/pagination.js';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { InvalidInput, NotFound } from '../../kernel/errors.js';
import type { FeatureCatalogue } from '../feature-catalogue.js';
import { historyLimitOf } from '../feature.js';
import type { FeatureChange, FeatureHistory } from './feature-change.js';
import { FeatureChangeConnectionType } from './feature-change.type.js';
import { FeatureHistoryArgs } from './feature-history.args.js';
import { FeaturesAtArgs } from './features-at.args.js';
import { parseFeaturesAt } from './features-at.schema.js';
import { PastFeatureType } from './past-value.type.js';
import type { PastValue, PointInTime } from './point-in-time.js';

export interface FeatureHistoryDeps {
  readonly history: FeatureHistory;
  readonly pointInTime: PointInTime;
  readonly catalogue: FeatureCatalogue;
  readonly clock: Clock;
}

@Resolver()
export class FeatureHistoryResolver {
  readonly #deps: FeatureHistoryDeps;

  constructor(deps: FeatureHistoryDeps) {
    this.#deps = deps;
  }

  @Query(() => FeatureChangeConnectionType, { description: "The changes of a customer's value that are kept, newest first." })
  async featureHistory(@Ctx() { principal }: RequestContext, @Args(() => FeatureHistoryArgs) { customerId, name, ...args }: FeatureHistoryArgs): Promise<Connection<FeatureChange>> {
    requireRole(principal, 'server', 'admin');
    const definition = (await this.#deps.catalogue.definitions(principal.tenantId)).get(name);
    if (definition === undefined) throw new NotFound('There is no such feature', { details: { path: '/name' } });
    const page = pageRequest(args);
    const before = seqOf(page.after);
    const rows = await this.#deps.history.page(principal.tenantId, { customerId, name, limit: historyLimitOf(definition), before, first: page.first + 1 });
    return connectionOf(rows, page, it => [it.seq]);
  }

  @Query(() => [PastFeatureType], { description: "A customer's features as they could be read at an earlier time, in the order of the names asked for." })
  async featuresAt(@Ctx() { principal }: RequestContext, @Args(() => FeaturesAtArgs) args: FeaturesAtArgs): Promise<readonly PastValue[]> {
    requireRole(principal, 'server', 'admin');
    const { customerId, names, at } = parseFeaturesAt(args, this.#deps.clock.now());
    const [values] = await this.#deps.pointInTime.read(principal.tenantId, [{ customerId, at }], names);
    return names.flatMap(name => values?.get(name) ?? []);
  }
}

function seqOf(position: readonly unknown[] | undefined): number | undefined {
  if (position === undefined) return undefined;
  const [seq] = position;
  if (position.length !== 1 || !Number.isSafeInteger(seq)) throw new InvalidInput('The cursor is none that was given out here.');
  return seq as number;
}
