import { ArgsType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { ErasureReceipt, Verification } from './erasure.js';

@InputType('EraseCustomerInput')
export class EraseCustomerInput {
  @Field(() => ID)
  customerId!: string;
}

@InputType('ExportCustomerInput')
export class ExportCustomerInput {
  @Field(() => ID)
  customerId!: string;
}

@ObjectType('ErasureReceipt', { simpleResolvers: true, description: 'Proves that a customer was erased, without saying who it was.' })
export class ErasureReceiptType implements ErasureReceipt {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTimeScalar)
  erasedAt!: Date;

  @Field(() => JsonScalar, { description: 'Rows that were removed or made anonymous, by where they were.' })
  removed!: ErasureReceipt['removed'];

  @Field(() => String)
  mac!: string;
}

@ObjectType({ simpleResolvers: true })
export class EraseCustomerPayload {
  @Field(() => ErasureReceiptType)
  receipt!: ErasureReceipt;
}

@ObjectType({ simpleResolvers: true })
export class ExportCustomerPayload {
  @Field(() => JsonScalar, { description: 'By part: customer, identities, events, feature values and their history, memberships, consents, decisions, outcomes.' })
  data!: unknown;
}

@ArgsType()
export class VerifyErasureArgs {
  @Field(() => ID, { description: 'Of the receipt.' })
  id!: string;

  @Field(() => String, { description: 'Of the receipt.' })
  mac!: string;

  @Field(() => ID, { nullable: true, description: 'Any id that the customer had.' })
  customerId?: string | null;
}

@ObjectType('ErasureVerification', { simpleResolvers: true })
export class ErasureVerificationType implements Verification {
  @Field(() => Boolean, { description: 'Whether the receipt is ours, and the tombstones are as they were left.' })
  isGenuine!: boolean;

  @Field(() => Boolean, { nullable: true, description: 'Whether it is of the id that was given; null without one.' })
  coversId!: boolean | null;

  @Field(() => JsonScalar, { description: 'Rows by that id from before the erasure, where there still are any: empty is as it should be.' })
  remaining!: Verification['remaining'];
}
