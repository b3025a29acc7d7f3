import { Field, ID, InputType, Int } from 'type-graphql';
import type { KeyRole } from './api-key.js';
import { keyRoleEnum } from './api-key.type.js';

@InputType()
export class CreateApiKeyInput {
  @Field(() => keyRoleEnum)
  role!: KeyRole;

  @Field(() => String, { description: 'Tells people what it is for.' })
  name!: string;
}

@InputType()
export class RevokeApiKeyInput {
  @Field(() => ID)
  id!: string;
}

@InputType()
export class CreateBrowserTokenInput {
  @Field(() => ID, { description: 'The one customer it speaks for.' })
  customerId!: string;

  @Field(() => Int, { defaultValue: 3600, description: 'From 1 second to 30 days.' })
  ttlSeconds!: number;
}
