import { Args, Ctx, Query, Resolver } from 'type-graphql';
import { connectionOf, pageRequest, type Connection } from '../../graphql/pagination.js';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { InvalidInput, NotFound } from '../../kernel/errors.js';
import type { FeatureCatalogue } from '../feature-catalogue.js';
import { historyLimitOf } from '../feature.js';
import type { FeatureChange, FeatureHistory } from './feature-change.js';
import { FeatureChangeConnectionType } from './feature-change.type.js';
import { FeatureHistoryArgs } from './feature-history.args.js';

@Resolver()
export class FeatureHistoryResolver {
  readonly #history: FeatureHistory;
  readonly #catalogue: FeatureCatalogue;

  constructor(history: FeatureHistory, catalogue: FeatureCatalogue) {
    this.#history = history;
    this.#catalogue = catalogue;
  }

  @Query(() => FeatureChangeConnectionType, { description: "The changes of a customer's value that are kept, newest first." })
  async featureHistory(@Ctx() { principal: { tenantId, ...principal } }: RequestContext, @Args(() => FeatureHistoryArgs) { customerId, name, ...args }: FeatureHistoryArgs): Promise<Connection<FeatureChange>> {
    requireRole({ tenantId, ...principal }, 'server', 'admin');
    const definition = (await this.#catalogue.definitions(tenantId)).get(name);
    if (definition === undefined) throw new NotFound('There is no such feature', { details: { path: '/name' } });
    const page = pageRequest(args);
    const before = seqOf(page.after);
    const rows = await this.#history.page(tenantId, { customerId, name, limit: historyLimitOf(definition), before, first: page.first + 1 });
    return connectionOf(rows, page, it => [it.seq]);
  }
}

function seqOf(position: readonly unknown[] | undefined): number | undefined {
  if (position === undefined) return undefined;
  const [seq] = position;
  if (position.length !== 1 || !Number.isSafeInteger(seq)) throw new InvalidInput('The cursor is none that was given out here.');
  return seq as number;
}
