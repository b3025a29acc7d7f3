import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Customer } from '../customers/customer.js';
import type { OnlineRecordById } from '../customers/customer.loader.js';
import { CustomerType } from '../customers/customer.type.js';
import type { LoaderKey } from '../graphql/loader-scope.js';
import type { RequestContext } from '../graphql/request-context.js';
import type { Clock } from '../kernel/clock.js';
import { CustomerFeatureType } from './customer-feature.type.js';
import { viewFeature, type FeatureDefinition } from './feature.js';

@Resolver(() => CustomerType)
export class CustomerFeaturesResolver {
  readonly #recordById: OnlineRecordById;
  readonly #definitions: LoaderKey<'all', readonly FeatureDefinition[]>;
  readonly #clock: Clock;

  constructor(recordById: OnlineRecordById, definitions: LoaderKey<'all', readonly FeatureDefinition[]>, clock: Clock) {
    this.#recordById = recordById;
    this.#definitions = definitions;
    this.#clock = clock;
  }

  @FieldResolver(() => [CustomerFeatureType], { description: 'Every defined feature, in the order of the names.' })
  async features(@Root() { id }: Customer, @Ctx() { loaders }: RequestContext): Promise<readonly CustomerFeatureType[]> {
    const [record, definitions] = await Promise.all([loaders.get(this.#recordById).load(id), loaders.get(this.#definitions).load('all')]);
    return definitions.map(definition => {
      const reading = record.features[definition.name];
      const { value, status, ageMs } = viewFeature(definition, reading, this.#clock.now());
      return { name: definition.name, value: value ?? null, status, at: reading ? new Date(reading.at) : null, ageMs: ageMs ?? null };
    });
  }
}
