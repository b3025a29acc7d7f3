import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Customer } from '../customers/customer.js';
import type { OnlineRecordById } from '../customers/customer.loader.js';
import { CustomerType } from '../customers/customer.type.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Segment } from './segment.js';
import { SegmentType } from './segment.type.js';

/** What a customer is in. */
@Resolver(() => CustomerType)
export class CustomerSegmentsResolver {
  readonly #recordById: OnlineRecordById;
  readonly #segmentById: LoaderKey<string, Segment | null>;

  constructor(recordById: OnlineRecordById, segmentById: LoaderKey<string, Segment | null>) {
    this.#recordById = recordById;
    this.#segmentById = segmentById;
  }

  @FieldResolver(() => [SegmentType], { description: 'In the order of their ids.' })
  async segments(@Root() { id }: Customer, @Ctx() { loaders }: RequestContext): Promise<readonly Segment[]> {
    const record = await loaders.get(this.#recordById).load(id);
    const found = await loaders.get(this.#segmentById).loadMany(record.segments);
    return found.flatMap(it => {
      if (it instanceof Error) throw it;
      return it === null ? [] : [it];
    });
  }
}
