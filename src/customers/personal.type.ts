import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { JsonScalar } from '../graphql/scalars.js';
import type { Attributes } from './customer.js';
import type { KeyRotation } from './keyring.js';

@InputType('RevealAttributesInput')
export class RevealAttributesInput {
  @Field(() => ID)
  customerId!: string;
}

@ObjectType('RevealAttributesPayload', { simpleResolvers: true })
export class RevealAttributesPayload {
  @Field(() => ID)
  customerId!: string;

  @Field(() => JsonScalar, { description: 'All of them, those that are personal in the clear.' })
  attributes!: Attributes;
}

@ObjectType('KeyRotation', { simpleResolvers: true, description: "How far the tenant's keys, and those of its customers, are wrapped by the newest master key." })
export class KeyRotationType implements KeyRotation {
  @Field(() => String, { description: 'Tells master keys apart, and gives nothing away.' })
  masterKey!: string;

  @Field(() => Int)
  total!: number;

  @Field(() => Int)
  done!: number;
}
