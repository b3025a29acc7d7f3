import { Field, Float, ID, InputType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';

@InputType('MoneyInput')
export class MoneyInput {
  @Field(() => String, { description: 'Decimal number: "19.90".' })
  amount!: string;

  @Field(() => String, { description: 'ISO 4217 code: EUR.' })
  currency!: string;
}

@InputType('ContentItemInput')
export class ContentItemInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  type!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  category!: string;

  @Field(() => [String], { nullable: true })
  tags?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Begins with http://, https:// or /.' })
  url?: string | null;

  @Field(() => String, { nullable: true, description: 'Begins with http://, https:// or /.' })
  imageUrl?: string | null;

  @Field(() => MoneyInput, { nullable: true })
  price?: MoneyInput | null;

  @Field(() => Float, { nullable: true, description: 'Higher first where nothing better is known; 0 without it.' })
  priority?: number | null;

  @Field(() => DateTimeScalar, { nullable: true })
  publishedAt?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  startsAt?: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  endsAt?: Date | null;

  @Field(() => JsonScalar, { nullable: true, description: 'An object of texts, numbers, booleans and lists of texts.' })
  attributes?: unknown;
}

@InputType()
export class DeleteContentInput {
  @Field(() => ID)
  id!: string;
}
