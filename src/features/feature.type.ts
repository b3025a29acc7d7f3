import { Field, Float, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { Condition } from '../conditions/condition.js';
import { ConditionScalar } from '../conditions/condition.type.js';
import { valueTypeEnum } from '../customers/attribute.type.js';
import type { ValueType } from '../customers/online-record.js';
import { JsonScalar } from '../graphql/scalars.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import {
  aggregateFunctions, featureKinds, type Aggregate, type AggregateFunction, type EventFilter, type FeatureDefinition, type FeatureKind, type FeatureLimits,
} from './feature.js';

export const featureKindEnum = Object.fromEntries(featureKinds.map(it => [it, it])) as { readonly [K in FeatureKind]: K };
registerEnumType(featureKindEnum, {
  name: 'FeatureKind',
  valuesConfig: {
    customer: { description: 'Set from outside.' },
    behavioral: { description: 'An aggregate over events.' },
    contextual: { description: 'Read from the context of each request, under the same name.' },
    derived: { description: 'An expression over other features.' },
  },
});

export const aggregateFunctionEnum = Object.fromEntries(aggregateFunctions.map(it => [it, it])) as { readonly [K in AggregateFunction]: K };
registerEnumType(aggregateFunctionEnum, {
  name: 'AggregateFunction',
  valuesConfig: {
    count: { description: 'Number of events.' },
    sum: { description: 'Sum of a property; 0 without events.' },
    mean: { description: 'Mean of a property.' },
    min: { description: 'Least value of a property.' },
    max: { description: 'Greatest value of a property.' },
    last: { description: 'A property of the newest event that has it in the value type.' },
    first: { description: 'A property of the oldest event that has it in the value type.' },
    distinct: { description: 'Number of different values of a property.' },
    ratio: { description: 'Number of events per number of others; missing where there are none of the others.' },
    recencyDays: { description: 'Days since the newest event: in whole hours for two days, then in whole days.' },
    sessionDuration: { description: 'Mean seconds from the first to the last event of a session.' },
  },
});

@ObjectType('EventFilter', { simpleResolvers: true })
export class EventFilterType implements EventFilter {
  @Field(() => String, { nullable: true, description: 'Type of the events; null: of any type.' })
  event?: string | undefined;

  @Field(() => ConditionScalar, { nullable: true, description: 'Of the properties of the events.' })
  where?: Condition | undefined;
}

@ObjectType('Aggregate', { simpleResolvers: true, description: "Over a customer's events within the window before now." })
export class AggregateType extends EventFilterType implements Aggregate {
  @Field(() => aggregateFunctionEnum)
  function!: AggregateFunction;

  @Field(() => String, { nullable: true, description: 'Property of the events that is summed, taken or told apart.' })
  property?: string | undefined;

  @Field(() => EventFilterType, { nullable: true, description: 'Of a ratio: the events that the others are a share of.' })
  per?: EventFilter | undefined;

  @Field(() => Float, { description: 'In milliseconds.' })
  windowMs!: number;
}

@ObjectType('FeatureLimits', { simpleResolvers: true, description: 'Shares are of 0 to 1.' })
export class FeatureLimitsType implements FeatureLimits {
  @Field(() => Float, { nullable: true, description: 'Share of customers without a value.' })
  nullRate?: number | undefined;

  @Field(() => Float, { nullable: true, description: 'Population stability index.' })
  drift?: number | undefined;

  @Field(() => String, { nullable: true, description: 'Null: the values of the version before.' })
  baseline?: string | undefined;

  @Field(() => Float, { nullable: true, description: 'Share of the values that are older than the time to live.' })
  staleRate?: number | undefined;

  @Field(() => Float, { nullable: true, description: 'Share of what should have given a value and could not.' })
  errorRate?: number | undefined;
}

@ObjectType('FeatureDefinition', {
  simpleResolvers: true,
  description: 'A typed value of a customer that decisions, segments, rules and models read by its name.',
})
export class FeatureDefinitionType implements FeatureDefinition {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => featureKindEnum)
  kind!: FeatureKind;

  @Field(() => valueTypeEnum)
  valueType!: ValueType;

  @Field(() => Float, { description: 'How long a value counts as fresh, in milliseconds.' })
  ttlMs!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'Stands for a missing value; null: a missing value stays missing.' })
  defaultValue?: FeatureDefinition['defaultValue'];

  @Field(() => String, { nullable: true })
  owner?: string | undefined;

  @Field(() => [String], { description: 'Decisions read it of customers only who consent to all of them.' })
  purposes!: readonly string[];

  @Field(() => AggregateType, { nullable: true, description: 'Of a behavioral feature.' })
  aggregate?: Aggregate | undefined;

  @Field(() => String, { nullable: true, description: 'Of a derived feature.' })
  expression?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Names the way in which values that are set from outside are computed.' })
  revision?: string | undefined;

  @Field(() => Int, { nullable: true, description: 'Which way of computing the values this is; null: the first.' })
  version?: number | undefined;

  @Field(() => Int, { nullable: true, description: "How many changes of each customer's value are kept; null: 10." })
  historyLimit?: number | undefined;

  @Field(() => FeatureLimitsType, { nullable: true })
  limits?: FeatureLimits | undefined;
}

@ObjectType({ simpleResolvers: true })
export class UpsertFeatureDefinitionPayload extends ChangePayload {
  @Field(() => FeatureDefinitionType)
  featureDefinition!: FeatureDefinition;
}
