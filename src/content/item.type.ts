import { Field, Float, ID, ObjectType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { Item } from './item.js';

@ObjectType('Money', { simpleResolvers: true })
export class MoneyType {
  @Field(() => String, { description: 'Decimal number.' })
  amount!: string;

  @Field(() => String, { description: 'ISO 4217 code.' })
  currency!: string;
}

@ObjectType('ContentItem', { simpleResolvers: true, description: 'Something that can be shown: a product, an offer, an article, a banner.' })
export class ItemType implements Item {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  type!: string;

  @Field(() => String)
  title!: string;

  @Field(() => String)
  category!: string;

  @Field(() => [String])
  tags!: readonly string[];

  @Field(() => String, { nullable: true })
  url?: string | undefined;

  @Field(() => String, { nullable: true })
  imageUrl?: string | undefined;

  @Field(() => MoneyType, { nullable: true })
  price?: MoneyType | undefined;

  @Field(() => Float, { description: 'Order of the editors where nothing better is known: higher first.' })
  priority!: number;

  @Field(() => DateTimeScalar, { nullable: true })
  publishedAt?: string | undefined;

  @Field(() => DateTimeScalar, { nullable: true, description: 'It is on from here.' })
  startsAt?: string | undefined;

  @Field(() => DateTimeScalar, { nullable: true, description: 'It is on until before here.' })
  endsAt?: string | undefined;

  @Field(() => JsonScalar, { description: 'Further values by name, for conditions and models.' })
  attributes!: Item['attributes'];
}

@ObjectType({ simpleResolvers: true })
export class UpsertContentPayload extends ChangePayload {
  @Field(() => ItemType)
  item!: Item;
}
