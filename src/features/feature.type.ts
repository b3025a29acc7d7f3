import { Field, Float, ObjectType, registerEnumType } from 'type-graphql';
import { JsonScalar } from '../graphql/scalars.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { ValueType } from '../customers/online-record.js';
import type { Aggregate, FeatureDefinition } from './feature.js';

export const valueTypeEnum: { readonly [K in ValueType]: K } = { number: 'number', string: 'string', boolean: 'boolean', strings: 'strings' };
registerEnumType(valueTypeEnum, { name: 'ValueType', valuesConfig: { strings: { description: 'A list of texts.' } } });

export const aggregateFunctions: { readonly [K in Aggregate['function']]: K } = { count: 'count', sum: 'sum', last: 'last', recencyDays: 'recencyDays' };
registerEnumType(aggregateFunctions, {
  name: 'AggregateFunction',
  valuesConfig: {
    count: { description: 'Number of events.' },
    sum: { description: 'Sum of a property.' },
    last: { description: 'A property of the newest event.' },
    recencyDays: { description: 'Days since the newest event.' },
  },
});

@ObjectType('Aggregate', { simpleResolvers: true, description: "Over a customer's events of one type within the window before now." })
export class AggregateType implements Aggregate {
  @Field(() => aggregateFunctions)
  function!: Aggregate['function'];

  @Field(() => String, { description: 'Type of the events.' })
  event!: string;

  @Field(() => String, { nullable: true, description: 'Property of the events that is summed or taken.' })
  property?: string | undefined;

  @Field(() => Float, { description: 'In milliseconds.' })
  windowMs!: number;
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

  @Field(() => valueTypeEnum)
  valueType!: ValueType;

  @Field(() => Float, { description: 'How long a value counts as fresh, in milliseconds.' })
  ttlMs!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'Stands for a missing value; null: a missing value stays missing.' })
  defaultValue?: FeatureDefinition['defaultValue'];

  @Field(() => String, { nullable: true })
  owner?: string | undefined;

  @Field(() => AggregateType, { nullable: true, description: 'Null: values are set from outside.' })
  aggregate?: AggregateType | undefined;
}

@ObjectType({ simpleResolvers: true })
export class UpsertFeatureDefinitionPayload extends ChangePayload {
  @Field(() => FeatureDefinitionType)
  featureDefinition!: FeatureDefinition;
}
