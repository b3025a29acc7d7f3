import { Field, ID, InputType } from 'type-graphql';
import { ConditionInput } from '../conditions/condition.input.js';

@InputType('SegmentInput')
export class SegmentInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => ConditionInput, {
    nullable: true,
    description: 'Reads attributes, features and other segments. Without it the segment is a list that is kept by hand; it cannot become the other later.',
  })
  condition?: ConditionInput | null;

  @Field(() => [String], { nullable: true, description: 'Decisions ask for membership only of customers who consent to all of them, and to those of all that the condition reads.' })
  purposes?: readonly string[] | null;
}

@InputType()
export class DeleteSegmentInput {
  @Field(() => ID)
  id!: string;
}
