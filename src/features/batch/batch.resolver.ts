import { Arg, Args, Ctx, ID, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { ParityType, RecomputeFeaturesPayload, RecomputeType } from './batch.type.js';
import { FeatureParityArgs } from './parity.args.js';
import type { Parities, Parity } from './parity.js';
import { parseParity } from './parity.schema.js';
import type { Recompute, Recomputes } from './recompute.js';

@Resolver()
export class FeatureBatchResolver {
  readonly #recomputes: Recomputes;
  readonly #parities: Parities;

  constructor(recomputes: Recomputes, parities: Parities) {
    this.#recomputes = recomputes;
    this.#parities = parities;
  }

  @Mutation(() => RecomputeFeaturesPayload, { description: 'Recounts every computed feature of every customer from the log, behind the answer.' })
  async recomputeFeatures(@Ctx() { principal }: RequestContext): Promise<RecomputeFeaturesPayload> {
    requireRole(principal, 'admin');
    return { recompute: await this.#recomputes.start(principal.tenantId) };
  }

  @Query(() => RecomputeType, { nullable: true, description: 'How far it has come; null where there is none of this id.' })
  async featureRecompute(@Ctx() { principal }: RequestContext, @Arg('id', () => ID) id: string): Promise<Recompute | undefined> {
    requireRole(principal, 'server', 'admin');
    return this.#recomputes.find(principal.tenantId, id);
  }

  @Query(() => ParityType, { description: 'Recounts a random sample of the customers from the log, and compares it with what readers see.' })
  async featureParity(@Ctx() { principal }: RequestContext, @Args(() => FeatureParityArgs) args: FeatureParityArgs): Promise<Parity> {
    requireRole(principal, 'server', 'admin');
    const { sample, names } = parseParity(args);
    return this.#parities.check(principal.tenantId, sample, names);
  }
}
