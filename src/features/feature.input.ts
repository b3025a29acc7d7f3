import { Field, Float, InputType } from 'type-graphql';
import { JsonScalar } from '../graphql/scalars.js';
import type { ValueType } from '../customers/online-record.js';
import type { Aggregate } from './feature.js';
import { aggregateFunctions, valueTypeEnum } from './feature.type.js';

@InputType('AggregateInput')
export class AggregateInput {
  @Field(() => aggregateFunctions)
  function!: Aggregate['function'];

  @Field(() => String, { description: 'Type of the events.' })
  event!: string;

  @Field(() => String, { nullable: true, description: 'For sum and last, and for these only.' })
  property?: string | null;

  @Field(() => Float, { description: 'In whole milliseconds, from a second to two years.' })
  windowMs!: number;
}

@InputType('FeatureDefinitionInput')
export class FeatureDefinitionInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => valueTypeEnum, { description: 'Stays as it is once the feature is there.' })
  valueType!: ValueType;

  @Field(() => Float, { description: 'How long a value counts as fresh: whole milliseconds, from a second to ten years.' })
  ttlMs!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'Stands for a missing value; of the value type.' })
  defaultValue?: unknown;

  @Field(() => String, { nullable: true })
  owner?: string | null;

  @Field(() => AggregateInput, { nullable: true, description: 'Without it, values are set from outside.' })
  aggregate?: AggregateInput | null;
}
