import { Field, ID, ObjectType } from 'type-graphql';
import type { Condition } from '../conditions/condition.js';
import { ConditionScalar } from '../conditions/condition.type.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { Segment } from './segment.js';

@ObjectType('Segment', { simpleResolvers: true, description: 'A named set of customers.' })
export class SegmentType implements Segment {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => ConditionScalar, { nullable: true, description: 'Null: a list that is kept by hand.' })
  condition?: Condition | undefined;

  @Field(() => [String], { nullable: true, description: 'Its own; decisions heed those of all that the condition reads as well.' })
  purposes?: readonly string[] | undefined;
}

@ObjectType({ simpleResolvers: true })
export class SegmentPayload extends ChangePayload {
  @Field(() => SegmentType)
  segment!: Segment;
}
