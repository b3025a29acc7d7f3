import { Field, InputType, ObjectType, registerEnumType } from 'type-graphql';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { AttributeDefinition } from './attribute.js';
import type { ValueType } from './online-record.js';

export const valueTypeEnum: { readonly [K in ValueType]: K } = { number: 'number', string: 'string', boolean: 'boolean', strings: 'strings' };
registerEnumType(valueTypeEnum, { name: 'ValueType', valuesConfig: { strings: { description: 'A list of texts.' } } });

@ObjectType('AttributeDefinition', { simpleResolvers: true, description: 'What an attribute of customers holds. Those that are not declared may hold any type.' })
export class AttributeDefinitionType implements AttributeDefinition {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => valueTypeEnum)
  valueType!: ValueType;

  @Field(() => Boolean, { description: "Encrypted under the customer's own key, masked in answers, and compared for equality alone." })
  personal!: boolean;

  @Field(() => [String], { nullable: true, description: 'Decisions read it of customers only who consent to all of them; null: of all.' })
  purposes?: readonly string[] | undefined;
}

@InputType('AttributeDefinitionInput')
export class AttributeDefinitionInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => valueTypeEnum, { description: 'Stays as it is once the attribute is there.' })
  valueType!: ValueType;

  @Field(() => Boolean, { nullable: true, description: 'False by default. What is personal stays so; values that are there are encrypted.' })
  personal?: boolean | null;

  @Field(() => [String], { nullable: true, description: 'Decisions read it of customers only who consent to all of them.' })
  purposes?: readonly string[] | null;
}

@ObjectType({ simpleResolvers: true })
export class UpsertAttributePayload extends ChangePayload {
  @Field(() => AttributeDefinitionType)
  attribute!: AttributeDefinition;
}

@InputType()
export class DeleteAttributeInput {
  @Field(() => String)
  name!: string;
}
