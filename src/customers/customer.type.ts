import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';
import type { Customer } from './customer.js';

@ObjectType('Customer', { simpleResolvers: true, description: 'Somebody whom the tenant knows.' })
export class CustomerType implements Customer {
  @Field(() => ID)
  id!: string;

  @Field(() => JsonScalar, { description: 'By name: texts, numbers, booleans and lists of texts.' })
  attributes!: Customer['attributes'];

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => DateTimeScalar)
  updatedAt!: Date;
}

@InputType('UpsertCustomerInput')
export class UpsertCustomerInput {
  @Field(() => ID)
  id!: string;

  @Field(() => JsonScalar, { description: 'Attributes by name. Null removes one; those that are not named stay.' })
  attributes!: Json;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'When it was so; now by default. Of several facts about an attribute the newest holds, in whatever order they come.',
  })
  at?: string | null;
}

@ObjectType('UpsertCustomerPayload', { simpleResolvers: true })
export class UpsertCustomerPayload {
  @Field(() => CustomerType)
  customer!: Customer;
}
