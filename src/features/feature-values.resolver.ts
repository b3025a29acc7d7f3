import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { CustomersChanged } from '../customers/customer.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { bodyOf } from '../tenants/body.schema.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import type { FeatureValueStore } from './feature-values.js';
import { SetFeaturesInput, SetFeaturesPayload } from './set-features.input.js';
import { parseSetFeatures } from './set-features.schema.js';

export interface FeatureValuesDeps {
  readonly store: FeatureValueStore;
  readonly catalogue: FeatureCatalogue;
  readonly clock: Clock;
  readonly changed: CustomersChanged;
}

@Resolver()
export class FeatureValuesResolver {
  readonly #deps: FeatureValuesDeps;

  constructor(deps: FeatureValuesDeps) {
    this.#deps = deps;
  }

  @Mutation(() => SetFeaturesPayload, { description: 'Takes values that were computed elsewhere. A customer whom nobody knew comes into being.' })
  async setFeatures(
    @Ctx() { principal }: RequestContext,
    @Arg('input', () => SetFeaturesInput) input: SetFeaturesInput,
  ): Promise<SetFeaturesPayload> {
    requireRole(principal, 'server', 'admin');
    const { store, catalogue, clock, changed } = this.#deps;
    const definitions = await catalogue.definitions(principal.tenantId);
    const now = clock.now();
    const ids = await store.write(principal.tenantId, parseSetFeatures(bodyOf(input), definitions, now), now);
    await changed(principal.tenantId, ids);
    return { changedCustomers: ids.length };
  }
}
