import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Contribution, Contributions, ContributionsOfItems } from './contributions.js';
import { CandidateType, ContributionType } from './decision.type.js';
import type { CandidateView } from './decision-view.js';
import type { Decided } from './personalizer.js';

/** The model is asked about all candidates of a decision together. */
const complexity = 10;

@Resolver(() => CandidateType)
export class CandidatesResolver {
  readonly #ofDecision: LoaderKey<Decided, ContributionsOfItems | undefined>;

  constructor(contributions: Contributions) {
    this.#ofDecision = {
      name: 'contributions',
      loadMany: decisions => Promise.all(decisions.map(it => contributions.of(it).catch((error: unknown) => error as Error))),
    };
  }

  @FieldResolver(() => [ContributionType], {
    nullable: true,
    complexity,
    description: 'What each input did for the score, largest effect first. Null for a candidate that was dropped, where nothing was estimated, and where the placement has learned since. Not for browsers.',
  })
  async contributions(@Root() { decided, itemId }: CandidateView, @Ctx() { principal, loaders }: RequestContext): Promise<readonly Contribution[] | null> {
    requireRole(principal, 'server', 'admin');
    return (await loaders.get(this.#ofDecision).load(decided))?.get(itemId) ?? null;
  }
}
