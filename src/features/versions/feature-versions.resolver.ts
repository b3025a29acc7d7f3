import { Arg, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { bodyOf } from '../../tenants/body.schema.js';
import { DeletePayload } from '../../tenants/change-payload.type.js';
import { FeatureDefinitionInput } from '../feature.input.js';
import { parseNewFeature } from '../feature.schema.js';
import { DeleteFeatureDefinitionInput, PromoteFeatureVersionInput, RollBackFeatureInput, SaveFeatureBaselineInput } from './feature-version.input.js';
import { parseBaselined, parseNamed, parseRollBack } from './feature-version.schema.js';
import { FeatureComparisonType, FeatureVersionPayload, FeatureVersionType, SaveFeatureBaselinePayload, type FeatureProfileType } from './feature-version.type.js';
import type { FeatureVersion, FeatureVersions } from './feature-versions.js';
import { nullRateOf, type Profile } from './profile.js';

@Resolver()
export class FeatureVersionsResolver {
  readonly #versions: FeatureVersions;

  constructor(versions: FeatureVersions) {
    this.#versions = versions;
  }

  @Query(() => [FeatureVersionType], { description: 'Every way in which the feature was, is or may be computed, oldest first.' })
  featureVersions(@Ctx() { principal }: RequestContext, @Arg('name', () => ID) name: string): Promise<readonly FeatureVersion[]> {
    requireRole(principal, 'server', 'admin');
    return this.#versions.list(principal.tenantId, parseNamed({ name }).name);
  }

  @Query(() => FeatureComparisonType, { description: 'The candidate beside what is live, both computed at the same times; of at most 20,000 customers, an even sample where there are more.' })
  async compareFeatureVersions(@Ctx() { principal }: RequestContext, @Arg('name', () => ID) asked: string): Promise<FeatureComparisonType> {
    requireRole(principal, 'server', 'admin');
    const { name, live, candidate, drift, differing } = await this.#versions.compare(principal.tenantId, parseNamed({ name: asked }).name);
    return {
      name, differing, stabilityIndex: drift?.index ?? null, stabilityByChance: drift?.byChance ?? null,
      live: profileView(live.profile, live.version), candidate: profileView(candidate.profile, candidate.version),
    };
  }

  @Mutation(() => FeatureVersionPayload, { description: 'Computes another version for all customers in the shadow. Nothing that decisions see changes.' })
  proposeFeatureVersion(@Ctx() { principal }: RequestContext, @Arg('input', () => FeatureDefinitionInput) input: FeatureDefinitionInput): Promise<FeatureVersionPayload> {
    requireRole(principal, 'admin');
    return this.#versions.propose(principal.tenantId, principal.keyId, parseNewFeature(bodyOf(input)));
  }

  @Mutation(() => FeatureVersionPayload, { description: 'Makes the candidate what is live; all customers are computed anew behind the answer.' })
  promoteFeatureVersion(@Ctx() { principal }: RequestContext, @Arg('input', () => PromoteFeatureVersionInput) input: PromoteFeatureVersionInput): Promise<FeatureVersionPayload> {
    requireRole(principal, 'admin');
    return this.#versions.promote(principal.tenantId, principal.keyId, parseNamed(bodyOf(input)).name);
  }

  @Mutation(() => FeatureVersionPayload, { description: 'Computes a feature as in an earlier version again, or puts back what was set then. Customers follow behind the answer, and decisions are pushed.' })
  rollBackFeature(@Ctx() { principal }: RequestContext, @Arg('input', () => RollBackFeatureInput) input: RollBackFeatureInput): Promise<FeatureVersionPayload> {
    requireRole(principal, 'admin');
    return this.#versions.rollBack(principal.tenantId, principal.keyId, parseRollBack(bodyOf(input)));
  }

  @Mutation(() => DeletePayload, { description: 'Refused while a segment, placement, rule, experiment, model or another feature reads it. Readers miss it at once; its values go behind the answer.' })
  async deleteFeatureDefinition(@Ctx() { principal }: RequestContext, @Arg('input', () => DeleteFeatureDefinitionInput) input: DeleteFeatureDefinitionInput): Promise<DeletePayload> {
    requireRole(principal, 'admin');
    const { name } = parseNamed(bodyOf(input));
    return { id: name, configurationVersion: await this.#versions.remove(principal.tenantId, principal.keyId, name) };
  }

  @Mutation(() => SaveFeatureBaselinePayload, { description: 'Keeps how the present values are distributed, for limits of drift to be measured from.' })
  async saveFeatureBaseline(@Ctx() { principal }: RequestContext, @Arg('input', () => SaveFeatureBaselineInput) input: SaveFeatureBaselineInput): Promise<SaveFeatureBaselinePayload> {
    requireRole(principal, 'admin');
    const { name, baseline } = parseBaselined(bodyOf(input));
    return { profile: profileView(await this.#versions.saveBaseline(principal.tenantId, name, baseline), null) };
  }
}

function profileView(profile: Profile, version: number | null): FeatureProfileType {
  return { version, customers: profile.customers, nullRate: nullRateOf(profile), mean: profile.mean, quantiles: profile.quantiles };
}
