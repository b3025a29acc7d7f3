import { Arg, Args, Ctx, FieldResolver, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import type { Customer } from '../customers/customer.js';
import type { CustomerById } from '../customers/customer.loader.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { connectionOf, PageArgs, pageRequest, type Connection } from '../graphql/pagination.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { bodyOf } from '../tenants/body.schema.js';
import { listOf, noSegment, type MemberLists } from './member-lists.js';
import { memberCount, membersOnPage } from './membership.loader.js';
import type { Memberships, MembersPage } from './memberships.js';
import { CustomersArgs } from './segment-members.args.js';
import { parseMembersChange, parsePosition } from './segment-members.schema.js';
import { AddToSegmentInput, CustomerConnectionType, SegmentMembersInput, SegmentMembersPayload } from './segment-members.type.js';
import type { Segment } from './segment.js';
import { SegmentType } from './segment.type.js';

export interface SegmentMembersDeps {
  readonly memberships: Pick<Memberships, 'customerIds'>;
  readonly listed: Pick<Memberships, 'members' | 'countMembers'>;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly customerById: CustomerById;
  readonly lists: MemberLists;
  readonly clock: Clock;
}

@Resolver(() => SegmentType)
export class SegmentMembersResolver {
  readonly #deps: SegmentMembersDeps;
  readonly #count: LoaderKey<string, number>;
  readonly #members: LoaderKey<MembersPage, readonly string[]>;

  constructor(deps: SegmentMembersDeps) {
    this.#deps = deps;
    this.#count = memberCount(deps.listed);
    this.#members = membersOnPage(deps.listed);
  }

  @Query(() => CustomerConnectionType, { description: 'Customers in the order of their ids.' })
  async customers(@Ctx() context: RequestContext, @Args(() => CustomersArgs) { segment, ...args }: CustomersArgs): Promise<Connection<Customer>> {
    requireRole(context.principal, 'server', 'admin');
    if (segment === null || segment === undefined) return this.#page(context, args, page => this.#deps.memberships.customerIds(context.principal.tenantId, page));
    if ((await context.loaders.get(this.#deps.segmentById).load(segment)) === null) throw noSegment();
    return this.members({ id: segment }, context, args);
  }

  @FieldResolver(() => Int)
  memberCount(@Root() { id }: Segment, @Ctx() { principal, loaders }: RequestContext): Promise<number> {
    requireRole(principal, 'server', 'admin');
    return loaders.get(this.#count).load(id);
  }

  @FieldResolver(() => CustomerConnectionType, { description: 'In the order of their ids.' })
  members(@Root() { id }: Pick<Segment, 'id'>, @Ctx() context: RequestContext, @Args(() => PageArgs) args: PageArgs): Promise<Connection<Customer>> {
    requireRole(context.principal, 'server', 'admin');
    return this.#page(context, args, page => context.loaders.get(this.#members).load({ segmentId: id, ...page }));
  }

  @Mutation(() => SegmentMembersPayload, { description: 'Puts customers on a list that is kept by hand.' })
  async addToSegment(@Ctx() { principal, loaders }: RequestContext, @Arg('input', () => AddToSegmentInput) input: AddToSegmentInput): Promise<SegmentMembersPayload> {
    requireRole(principal, 'server', 'admin');
    const { segmentId, entries } = parseMembersChange(bodyOf(input), this.#deps.clock.now());
    const segment = listOf(await loaders.get(this.#deps.segmentById).load(segmentId));
    const { entered } = await this.#deps.lists.add(principal.tenantId, segment, entries);
    return { segment, changed: entered.length };
  }

  @Mutation(() => SegmentMembersPayload, { description: 'Takes customers off a list that is kept by hand.' })
  async removeFromSegment(@Ctx() { principal, loaders }: RequestContext, @Arg('input', () => SegmentMembersInput) input: SegmentMembersInput): Promise<SegmentMembersPayload> {
    requireRole(principal, 'server', 'admin');
    const { segmentId, entries } = parseMembersChange(bodyOf(input), this.#deps.clock.now());
    const segment = listOf(await loaders.get(this.#deps.segmentById).load(segmentId));
    const left = await this.#deps.lists.remove(principal.tenantId, segment, entries.map(it => it.customerId));
    return { segment, changed: left.length };
  }

  async #page(
    { loaders }: RequestContext,
    args: PageArgs,
    idsOf: (page: Omit<MembersPage, 'segmentId'>) => Promise<readonly string[]>,
  ): Promise<Connection<Customer>> {
    const page = pageRequest(args);
    const ids = await idsOf({ first: page.first + 1, after: parsePosition(page.after) });
    const customers = await loaders.get(this.#deps.customerById).loadMany(ids);
    const found = customers.map((it, i) => ({ id: ids[i] ?? '', customer: it instanceof Error ? null : it }));
    const { edges, pageInfo } = connectionOf(found, page, it => [it.id]);
    return { edges: edges.flatMap(({ node: { customer: node }, cursor }) => (node === null ? [] : [{ node, cursor }])), pageInfo };
  }
}
