import { Arg, Args, Ctx, Query, Resolver } from 'type-graphql';
import { anyEvents, attributeNames, checkCondition, featureNames } from '../../conditions/check.js';
import { ConditionInput } from '../../conditions/condition.input.js';
import { parseCondition } from '../../conditions/condition.schema.js';
import type { CustomerById } from '../../customers/customer.loader.js';
import type { Customer } from '../../customers/customer.js';
import type { LoaderKey } from '../../graphql/loader-scope.js';
import { connectionOf, PageArgs, pageRequest } from '../../graphql/pagination.js';
import { requireRole } from '../../graphql/principal.js';
import type { RequestContext } from '../../graphql/request-context.js';
import type { Clock } from '../../kernel/clock.js';
import { bodyOf } from '../../tenants/body.schema.js';
import type { CompiledSegments } from '../compiled-segments.js';
import type { Segment } from '../segment.js';
import type { Question } from './customer-search.js';
import { parseSearchPosition } from './search-position.schema.js';
import type { SegmentSearch } from './segment-search.js';
import { CustomerSearchType, SegmentPreviewType } from './segment-search.type.js';

export interface SegmentSearchResolverDeps {
  readonly search: SegmentSearch;
  readonly segmentsOf: (tenantId: string) => Promise<CompiledSegments>;
  readonly customerById: CustomerById;
  readonly segmentById: LoaderKey<string, Segment | null>;
  readonly clock: Clock;
}

/** What one search costs, in fields: it reads thousands of rows. */
const complexity = 1000;

@Resolver()
export class SegmentSearchResolver {
  readonly #deps: SegmentSearchResolverDeps;

  constructor(deps: SegmentSearchResolverDeps) {
    this.#deps = deps;
  }

  @Query(() => SegmentPreviewType, { complexity, description: 'Tries a condition without saving it. Memberships that it asks for are taken as they are kept.' })
  async previewSegment(
    @Arg('condition', () => ConditionInput) condition: ConditionInput,
    @Ctx() { principal, loaders }: RequestContext,
  ): Promise<SegmentPreviewType> {
    requireRole(principal, 'server', 'admin');
    const question = await this.#questionOf(principal.tenantId, condition);
    const { sample, overlaps, ...rest } = await this.#deps.search.preview(principal.tenantId, question);
    const [customers, segments] = await Promise.all([
      loaders.get(this.#deps.customerById).loadMany(sample),
      loaders.get(this.#deps.segmentById).loadMany(overlaps.map(it => it.segmentId)),
    ]);
    return {
      ...rest,
      sample: customers.filter((it): it is Customer => it !== null && !(it instanceof Error)),
      overlaps: overlaps.flatMap(({ count }, i) => {
        const segment = segments[i];
        return segment === undefined || segment === null || segment instanceof Error ? [] : [{ segment, count }];
      }),
    };
  }

  @Query(() => CustomerSearchType, { complexity, description: 'Customers whom a condition holds for, however many they are.' })
  async searchCustomers(
    @Arg('condition', () => ConditionInput) condition: ConditionInput,
    @Args(() => PageArgs) args: PageArgs,
    @Ctx() { principal, loaders }: RequestContext,
  ): Promise<CustomerSearchType> {
    requireRole(principal, 'server', 'admin');
    const page = pageRequest(args);
    const question = await this.#questionOf(principal.tenantId, condition);
    const { ids, view, source } = await this.#deps.search.search(principal.tenantId, question, { first: page.first + 1, ...parseSearchPosition(page.after) });
    const customers = await loaders.get(this.#deps.customerById).loadMany(ids);
    const found = ids.map((id, i) => ({ id, customer: customers[i] }));
    const { edges, pageInfo } = connectionOf(found, page, it => (view === undefined ? [it.id] : [it.id, view]));
    const known = edges.flatMap(({ node: { customer: node }, cursor }) => (node === undefined || node === null || node instanceof Error ? [] : [{ node, cursor }]));
    return { edges: known, pageInfo, source };
  }

  async #questionOf(tenantId: string, input: ConditionInput): Promise<Question> {
    const condition = parseCondition(bodyOf(input));
    const { from: { segments, features, counts, blind, attributes } } = await this.#deps.segmentsOf(tenantId);
    checkCondition(condition, { attribute: attributeNames(attributes), feature: featureNames(features), did: anyEvents, inSegment: new Set(segments.map(it => it.id)) }, '');
    return { condition, features, counted: new Set(counts.map(it => it.name)), blind, now: this.#deps.clock.now() };
  }
}
