import { Field, InputType } from 'type-graphql';
import { JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';

@InputType('ContextInput', { description: 'Where and how the customer is met. Conditions read it by these names; `hour`, `dayOfWeek` and `season` follow from the time, in UTC.' })
export class ContextInput {
  @Field(() => String, { nullable: true })
  pageUrl?: string | null;

  @Field(() => String, { nullable: true })
  referrer?: string | null;

  @Field(() => String, { nullable: true })
  deviceType?: string | null;

  @Field(() => String, { nullable: true })
  location?: string | null;

  @Field(() => JsonScalar, { nullable: true, description: 'An object of further texts, numbers, booleans and lists of texts.' })
  more?: Json;
}
