import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { attributeNames, checkCondition, featureNames } from '../conditions/check.js';
import type { Condition } from '../conditions/condition.js';
import { ConditionInput } from '../conditions/condition.input.js';
import { parseCondition } from '../conditions/condition.schema.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { CustomerById } from '../customers/customer.loader.js';
import type { Customer } from '../customers/customer.js';
import type { FeatureDefinition } from '../features/feature.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import { requireRole } from '../graphql/principal.js';
import type { RequestContext } from '../graphql/request-context.js';
import { bodyOf } from '../tenants/body.schema.js';
import type { SegmentSurroundings } from './check-segment.js';
import type { Preview } from './preview.js';
import type { Segment } from './segment.js';
import { SegmentPreviewType } from './segment-preview.type.js';

export interface SegmentPreviewDeps {
  readonly preview: (tenantId: string, condition: Condition, around: SegmentSurroundings) => Promise<Preview>;
  readonly allAttributes: LoaderKey<'all', readonly AttributeDefinition[]>;
  readonly allFeatures: LoaderKey<'all', readonly FeatureDefinition[]>;
  readonly allSegments: LoaderKey<'all', readonly Segment[]>;
  readonly customerById: CustomerById;
}

/** What one preview costs, in fields: it reads thousands of rows. */
const complexity = 1000;

@Resolver()
export class SegmentPreviewResolver {
  readonly #deps: SegmentPreviewDeps;

  constructor(deps: SegmentPreviewDeps) {
    this.#deps = deps;
  }

  @Query(() => SegmentPreviewType, { complexity, description: 'Tries a condition without saving it. Memberships that it asks for are taken as they are kept.' })
  async previewSegment(
    @Arg('condition', () => ConditionInput) condition: ConditionInput,
    @Ctx() { principal, loaders }: RequestContext,
  ): Promise<SegmentPreviewType> {
    requireRole(principal, 'server', 'admin');
    const { preview, allAttributes, allFeatures, allSegments, customerById } = this.#deps;
    const parsed = parseCondition(bodyOf(condition));
    const [attributes, features, segments] = await Promise.all([loaders.get(allAttributes).load('all'), loaders.get(allFeatures).load('all'), loaders.get(allSegments).load('all')]);
    checkCondition(parsed, { attribute: attributeNames(attributes), feature: featureNames(features), inSegment: new Set(segments.map(it => it.id)) });
    const { sample, ...counts } = await preview(principal.tenantId, parsed, { attributes, features });
    const customers = await loaders.get(customerById).loadMany(sample);
    return { ...counts, sample: customers.filter((it): it is Customer => it !== null && !(it instanceof Error)) };
  }
}
