import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../graphql/scalars.js';
import { CustomerType } from './customer.type.js';
import type { Customer } from './customer.js';

@InputType('IdentityInput')
export class IdentityInput {
  @Field(() => String, { description: 'anonymous, email, login …' })
  kind!: string;

  @Field(() => String, { description: 'At most 200 characters. It is encrypted, and found by a blind index: only the same text is the same identity.' })
  value!: string;
}

@ArgsType()
export class IdentityArgs {
  @Field(() => String)
  kind!: string;

  @Field(() => String)
  value!: string;
}

@InputType('IdentifyInput')
export class IdentifyInput {
  @Field(() => ID)
  customerId!: string;

  @Field(() => [IdentityInput], { description: 'At most 20. One that another customer has makes one customer of both.' })
  identities!: IdentityInput[];
}

@InputType('MergeCustomersInput')
export class MergeCustomersInput {
  @Field(() => ID)
  from!: string;

  @Field(() => ID, { description: 'Whose id the customer goes by. Where merges contradict each other, that is the least id.' })
  into!: string;
}

@ObjectType('Identity', { simpleResolvers: true, description: 'What a customer is known by elsewhere. Its value is personal: `revealAttributes` shows it.' })
export class IdentityType {
  @Field(() => String)
  kind!: string;

  @Field(() => DateTimeScalar)
  since!: Date;
}

@ObjectType('MergePayload', { simpleResolvers: true })
export class MergePayload {
  @Field(() => CustomerType)
  customer!: Customer;

  @Field(() => [ID], { description: 'All other ids of the customer. They go on meaning the same customer everywhere.' })
  aliases!: readonly string[];
}
