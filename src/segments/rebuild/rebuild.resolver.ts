import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import type { Rebuilds, RebuildStatus } from './rebuild.js';
import { RebuildInput, RebuildPayload, RebuildType } from './rebuild.type.js';

@Resolver()
export class RebuildResolver {
  readonly #rebuilds: Rebuilds;

  constructor(rebuilds: Rebuilds) {
    this.#rebuilds = rebuilds;
  }

  @Mutation(() => RebuildPayload, { description: 'Empties what is made from PostgreSQL and fills it again, while the server runs. Answers when it has begun.' })
  rebuild(@Arg('input', () => RebuildInput) { targets }: RebuildInput, @Ctx() { principal }: RequestContext): RebuildPayload {
    requireRole(principal, 'admin');
    return { rebuilds: this.#rebuilds.start(principal.tenantId, targets ?? []).map(typeOf) };
  }

  @Query(() => [RebuildType], { description: 'The last of each kind that this server has begun.' })
  rebuilds(@Ctx() { principal }: RequestContext): readonly RebuildType[] {
    requireRole(principal, 'admin');
    return this.#rebuilds.statusOf(principal.tenantId).map(typeOf);
  }
}

const typeOf = ({ digests, ...rest }: RebuildStatus): RebuildType => ({ ...rest, truthDigest: digests?.truth ?? null, rebuiltDigest: digests?.rebuilt ?? null });
