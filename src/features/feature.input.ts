import { Field, Float, InputType, Int } from 'type-graphql';
import { ConditionInput } from '../conditions/condition.input.js';
import { valueTypeEnum } from '../customers/attribute.type.js';
import type { ValueType } from '../customers/online-record.js';
import { JsonScalar } from '../graphql/scalars.js';
import type { AggregateFunction, FeatureKind } from './feature.js';
import { aggregateFunctionEnum, featureKindEnum } from './feature.type.js';

@InputType('EventFilterInput')
export class EventFilterInput {
  @Field(() => String, { nullable: true, description: 'Type of the events; without it, of any type.' })
  event?: string | null;

  @Field(() => ConditionInput, { nullable: true, description: 'Of the properties of the events.' })
  where?: ConditionInput | null;
}

@InputType('AggregateInput')
export class AggregateInput extends EventFilterInput {
  @Field(() => aggregateFunctionEnum)
  function!: AggregateFunction;

  @Field(() => String, { nullable: true, description: 'For sum, mean, min, max, last, first and distinct; for sessionDuration the one that names the session, sessionId by default.' })
  property?: string | null;

  @Field(() => EventFilterInput, { nullable: true, description: 'For ratio: the events that the others are a share of.' })
  per?: EventFilterInput | null;

  @Field(() => Float, { description: 'In whole milliseconds, from an hour to 90 days.' })
  windowMs!: number;
}

@InputType('FeatureLimitsInput')
export class FeatureLimitsInput {
  @Field(() => Float, { nullable: true, description: 'Share of customers without a value, 0 to 1.' })
  nullRate?: number | null;

  @Field(() => Float, { nullable: true, description: 'Population stability index against the baseline, at least 0.01; 0.25 is commonly called a large shift.' })
  drift?: number | null;

  @Field(() => String, { nullable: true, description: 'Name of a saved baseline; without it, the values of the version before.' })
  baseline?: string | null;

  @Field(() => Float, { nullable: true, description: 'Share of the values that are older than the time to live, 0 to 1.' })
  staleRate?: number | null;

  @Field(() => Float, { nullable: true, description: 'Of computed features: share of what should have given a value and could not, 0 to 1.' })
  errorRate?: number | null;
}

@InputType('FeatureDefinitionInput')
export class FeatureDefinitionInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => featureKindEnum, { nullable: true, description: 'Without it: behavioral with an aggregate, derived with an expression, else customer.' })
  kind?: FeatureKind | null;

  @Field(() => valueTypeEnum, { description: 'Stays as it is once the feature is there.' })
  valueType!: ValueType;

  @Field(() => Float, { description: 'How long a value counts as fresh: whole milliseconds, from a second to ten years.' })
  ttlMs!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'Stands for a missing value; of the value type.' })
  defaultValue?: unknown;

  @Field(() => String, { nullable: true })
  owner?: string | null;

  @Field(() => [String], { nullable: true, description: 'What it may be used for, at most 20; without any, for everything.' })
  purposes?: string[] | null;

  @Field(() => AggregateInput, { nullable: true, description: 'Of a behavioral feature.' })
  aggregate?: AggregateInput | null;

  @Field(() => String, { nullable: true, description: 'Of a derived feature: min(1, purchases_30d / 10). At most 1000 characters.' })
  expression?: string | null;

  @Field(() => String, { nullable: true, description: 'Names the way in which values that are set from outside are computed; another one makes the next version.' })
  revision?: string | null;

  @Field(() => Int, { nullable: true, description: "How many changes of each customer's value are kept: 0 to 1,000, 10 by default." })
  historyLimit?: number | null;

  @Field(() => FeatureLimitsInput, { nullable: true, description: 'Values that pass one of these are rolled back to the version before.' })
  limits?: FeatureLimitsInput | null;
}
