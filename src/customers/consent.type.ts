import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../graphql/scalars.js';

@InputType('PurposeConsentInput')
export class PurposeConsentInput {
  @Field(() => String)
  purpose!: string;

  @Field(() => Boolean)
  granted!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'From then on it holds no longer; without it, until something else is said.' })
  until?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was said; now by default. What was said last holds, in whatever order it comes.' })
  at?: string | null;
}

@InputType('SetConsentInput')
export class SetConsentInput {
  @Field(() => ID)
  customerId!: string;

  @Field(() => [PurposeConsentInput], { description: 'At most 100; all are taken, or none.' })
  purposes!: PurposeConsentInput[];

  @Field(() => String, { description: 'Where it was said: a banner and its version, a form, a call.' })
  source!: string;
}

@ObjectType('Consent', { simpleResolvers: true, description: 'What holds for one purpose. What was never said is not granted.' })
export class ConsentType {
  @Field(() => String)
  purpose!: string;

  @Field(() => Boolean)
  granted!: boolean;

  @Field(() => DateTimeScalar, { nullable: true })
  until!: Date | null;
}

@ObjectType('ConsentStatement', { simpleResolvers: true, description: 'What was said about one purpose at one time. It is never changed.' })
export class ConsentStatementType extends ConsentType {
  @Field(() => DateTimeScalar, { description: 'When it was said.' })
  at!: Date;

  @Field(() => String)
  source!: string;

  @Field(() => String, { description: 'Id of the key that it came with.' })
  saidBy!: string;

  @Field(() => Int, { description: 'Grows in the order in which statements came in.' })
  seq!: number;
}

@ObjectType({ simpleResolvers: true })
export class SetConsentPayload {
  @Field(() => ID)
  customerId!: string;

  @Field(() => [ConsentType], { description: 'What holds now, by purpose.' })
  consents!: readonly ConsentType[];
}
