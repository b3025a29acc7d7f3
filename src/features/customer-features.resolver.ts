import { Arg, Args, Ctx, FieldResolver, ID, Query, Resolver, Root } from 'type-graphql';
import type { Customer } from '../customers/customer.js';
import type { OnlineRecordById } from '../customers/customer.loader.js';
import { CustomerType } from '../customers/customer.type.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { CustomerFeaturesType, CustomerFeatureType } from './customer-feature.type.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import { OnlineFeaturesArgs } from './online-features.args.js';
import { parseNames, parseOnlineFeatures } from './online-features.schema.js';
import { chosen, featuresOf, type OnlineFeature, type OnlineFeatures, type OnlineFeaturesOf } from './online-features.js';

export interface CustomerFeaturesDeps {
  readonly online: OnlineFeatures;
  readonly recordById: OnlineRecordById;
  readonly catalogue: FeatureCatalogue;
  readonly clock: Clock;
}

@Resolver(() => CustomerType)
export class CustomerFeaturesResolver {
  readonly #deps: CustomerFeaturesDeps;

  constructor(deps: CustomerFeaturesDeps) {
    this.#deps = deps;
  }

  @FieldResolver(() => [CustomerFeatureType], { description: 'Those that are named, in that order; every defined feature, in the order of the names, without.' })
  async features(
    @Root() { id }: Customer,
    @Ctx() { loaders, principal }: RequestContext,
    @Arg('names', () => [ID], { nullable: true }) names?: string[] | null,
  ): Promise<readonly OnlineFeature[]> {
    const { recordById, catalogue, clock } = this.#deps;
    const wanted = parseNames(names);
    const [record, definitions] = await Promise.all([loaders.get(recordById).load(id), catalogue.definitions(principal.tenantId)]);
    return featuresOf(record, chosen(definitions, wanted), clock.now());
  }

  @Query(() => [CustomerFeaturesType], { description: 'Features of up to 1,000 customers as decisions would read them now, in one round trip; in the order of the ids.' })
  async onlineFeatures(@Ctx() { principal }: RequestContext, @Args(() => OnlineFeaturesArgs) args: OnlineFeaturesArgs): Promise<readonly OnlineFeaturesOf[]> {
    requireRole(principal, 'server', 'admin');
    const { customerIds, names } = parseOnlineFeatures(args);
    return this.#deps.online.read(principal.tenantId, customerIds, names);
  }
}
