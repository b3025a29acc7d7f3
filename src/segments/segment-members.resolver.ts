import { Arg, Args, ArgsType, Ctx, Field, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Customer, CustomersChanged } from '../customers/customer.js';
import type { CustomerById } from '../customers/customer.loader.js';
import { CustomerType } from '../customers/customer.type.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { connectionOf, PageArgs, pageRequest, type Connection } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { Conflict, LimitExceeded, NotFound } from '../kernel/errors.js';
import type { MembershipStore } from './memberships.js';
import type { Segment } from './segment.js';
import { CustomerConnectionType, SegmentMembersInput, SegmentMembersPayload } from './segment-members.type.js';
import { SegmentType } from './segment.type.js';

const mostAtOnce = 1000;

@ArgsType()
class CustomersArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: 'Members of this segment alone.' })
  segment?: string | null;
}

export interface SegmentMembersDeps {
  readonly memberships: MembershipStore;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly customerById: CustomerById;
  readonly changed: CustomersChanged;
}

@Resolver(() => SegmentType)
export class SegmentMembersResolver {
  readonly #deps: SegmentMembersDeps;
  readonly #count: LoaderKey<string, number>;

  constructor(deps: SegmentMembersDeps) {
    this.#deps = deps;
    this.#count = {
      name: 'members of a segment',
      async loadMany(ids, tenantId) {
        const counts = await deps.memberships.countMembers(tenantId, ids);
        return ids.map(id => counts.get(id) ?? 0);
      },
    };
  }

  @Query(() => CustomerConnectionType, { description: 'Customers in the order of their ids.' })
  async customers(@Ctx() context: RequestContext, @Args(() => CustomersArgs) { segment, ...args }: CustomersArgs): Promise<Connection<Customer>> {
    requireRole(context.principal, 'server', 'admin');
    return this.#page(context, segment ?? undefined, args);
  }

  @FieldResolver(() => Int)
  memberCount(@Root() { id }: Segment, @Ctx() { loaders }: RequestContext): Promise<number> {
    return loaders.get(this.#count).load(id);
  }

  @FieldResolver(() => CustomerConnectionType)
  members(@Root() { id }: Segment, @Ctx() context: RequestContext, @Args(() => PageArgs) args: PageArgs): Promise<Connection<Customer>> {
    return this.#page(context, id, args);
  }

  @Mutation(() => SegmentMembersPayload)
  addToSegment(@Ctx() context: RequestContext, @Arg('input', () => SegmentMembersInput) input: SegmentMembersInput): Promise<SegmentMembersPayload> {
    return this.#change(context, input, 'add');
  }

  @Mutation(() => SegmentMembersPayload)
  removeFromSegment(@Ctx() context: RequestContext, @Arg('input', () => SegmentMembersInput) input: SegmentMembersInput): Promise<SegmentMembersPayload> {
    return this.#change(context, input, 'remove');
  }

  async #change({ principal, loaders }: RequestContext, { segmentId, customerIds }: SegmentMembersInput, how: 'add' | 'remove'): Promise<SegmentMembersPayload> {
    requireRole(principal, 'server', 'admin');
    const { memberships, segmentById, changed } = this.#deps;
    if (customerIds.length > mostAtOnce) throw new LimitExceeded(`At most ${mostAtOnce} customers at once.`, { details: { path: '/customerIds', limit: mostAtOnce } });
    const segment = await loaders.get(segmentById).load(segmentId);
    if (segment === null) throw new NotFound('There is no such segment.');
    if (segment.condition !== undefined) throw new Conflict('The members of this segment follow from its condition.', { details: { path: '/segmentId' } });
    const ids = await memberships.setListed(principal.tenantId, segmentId, how === 'add' ? { add: customerIds } : { remove: customerIds });
    await changed(principal.tenantId, ids);
    return { changed: ids.length };
  }

  async #page({ principal, loaders }: RequestContext, segmentId: string | undefined, args: PageArgs): Promise<Connection<Customer>> {
    const { memberships, customerById } = this.#deps;
    const page = pageRequest(args);
    const after = page.after === undefined ? undefined : String(page.after[0]);
    const request = { first: page.first + 1, after };
    const ids = await (segmentId === undefined ? memberships.customerIds(principal.tenantId, request) : memberships.members(principal.tenantId, segmentId, request));
    const customers = await loaders.get(customerById).loadMany(ids);
    return connectionOf(customers.filter((it): it is Customer => it !== null && !(it instanceof Error)), page, it => [it.id]);
  }
}

export type SegmentIdsByCustomer = LoaderKey<string, readonly string[]>;

/** What a customer is in. */
@Resolver(() => CustomerType)
export class CustomerSegmentsResolver {
  readonly #idsOf: SegmentIdsByCustomer;
  readonly #segmentById: LoaderKey<string, Segment | null>;

  constructor(idsOf: SegmentIdsByCustomer, segmentById: LoaderKey<string, Segment | null>) {
    this.#idsOf = idsOf;
    this.#segmentById = segmentById;
  }

  @FieldResolver(() => [SegmentType])
  async segments(@Root() { id }: Customer, @Ctx() { loaders }: RequestContext): Promise<readonly Segment[]> {
    const ids = await loaders.get(this.#idsOf).load(id);
    const found = await loaders.get(this.#segmentById).loadMany(ids);
    return found.filter((it): it is Segment => it !== null && !(it instanceof Error));
  }
}
