import { ArgsType, Field, ID, Int } from 'type-graphql';
import { ContentItemInput } from '../content/item.input.js';
import { CursorScalar } from '../graphql/scalars.js';
import { ContextInput } from './decision.input.js';

@ArgsType()
export class PersonalizeArgs {
  @Field(() => ID)
  customerId!: string;

  @Field(() => ID, { nullable: true })
  placement?: string | null;

  @Field(() => [ContentItemInput], { nullable: true, description: "Items of the caller's own, instead of the placement's." })
  items?: ContentItemInput[] | null;

  @Field(() => ContextInput, { nullable: true })
  context?: ContextInput | null;

  @Field(() => Int, { nullable: true, description: "Length of the slate, 1 to 20; by default the placement's." })
  limit?: number | null;

  @Field(() => Int, { nullable: true, description: 'Milliseconds; what has not answered by then is done without.' })
  deadlineMs?: number | null;
}

@ArgsType()
export class PersonalizeManyArgs {
  @Field(() => [ID])
  customerIds!: string[];

  @Field(() => ID, { nullable: true })
  placement?: string | null;

  @Field(() => ContextInput, { nullable: true })
  context?: ContextInput | null;
}

@ArgsType()
export class DecisionUpdatesArgs {
  @Field(() => ID)
  customerId!: string;

  @Field(() => ID, { nullable: true })
  placement?: string | null;

  @Field(() => ContextInput, { nullable: true })
  context?: ContextInput | null;

  @Field(() => CursorScalar, { nullable: true, description: 'Cursor of the last update that was seen.' })
  after?: string | null;
}
