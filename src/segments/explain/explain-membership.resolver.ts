import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import type { LoaderKey } from '../../graphql/loader-scope.js';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import { NotFound } from '../../kernel/errors.js';
import { noSegment } from '../member-lists.js';
import type { Segment } from '../segment.js';
import type { ExplainMembership } from './explain-membership.js';
import { MembershipExplanationType } from './explain-membership.type.js';

export interface ExplainMembershipDeps {
  readonly explain: ExplainMembership;
  readonly segmentById: LoaderKey<string, Segment | null>;
}

/** What one explanation costs, in fields: it counts from the log. */
const complexity = 100;

@Resolver()
export class ExplainMembershipResolver {
  readonly #deps: ExplainMembershipDeps;

  constructor(deps: ExplainMembershipDeps) {
    this.#deps = deps;
  }

  @Query(() => MembershipExplanationType, { complexity, description: 'Why a customer is in a segment or not: what each node of its condition came to, from what, and until when.' })
  async explainMembership(
    @Arg('customerId', () => ID) customerId: string,
    @Arg('segment', () => ID) segmentId: string,
    @Ctx() { principal, loaders }: RequestContext,
  ): Promise<MembershipExplanationType> {
    requireRole(principal, 'server', 'admin');
    const segment = await loaders.get(this.#deps.segmentById).load(segmentId);
    if (segment === null) throw noSegment();
    const explained = await this.#deps.explain(principal.tenantId, customerId, segment);
    if (explained === undefined) throw new NotFound('There is no such customer.', { details: { path: '/customerId' } });
    const { isMember, since, changesAt, nodes } = explained;
    return {
      customerId, segment, isMember, since: timeOf(since), changesAt: timeOf(changesAt),
      nodes: nodes.map(it => ({ ...it, truth: it.truth ?? null, seen: it.seen ?? null, changesAt: timeOf(it.changesAt) })),
    };
  }
}

const timeOf = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));
