import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CustomerType } from '../customers/customer.type.js';
import { connectionTypeOf } from '../graphql/pagination.js';
import { DateTimeScalar } from '../graphql/scalars.js';
import type { Segment } from './segment.js';
import { SegmentType } from './segment.type.js';

export const CustomerConnectionType = connectionTypeOf('Customer', CustomerType);

@InputType('SegmentMembersInput')
export class SegmentMembersInput {
  @Field(() => ID, { description: 'A segment that is kept by hand.' })
  segmentId!: string;

  @Field(() => [ID], { description: '1 to 1,000; strangers are left out.' })
  customerIds!: string[];
}

@InputType('AddToSegmentInput')
export class AddToSegmentInput extends SegmentMembersInput {
  @Field(() => DateTimeScalar, { nullable: true, description: 'When they leave the list by themselves; never by default. It counts also for those who are on the list already.' })
  expiresAt?: string | null;
}

@ObjectType('SegmentMembersPayload', { simpleResolvers: true })
export class SegmentMembersPayload {
  @Field(() => SegmentType)
  segment!: Segment;

  @Field(() => Int, { description: 'Customers who were put on the list, or taken off it; those whose time on it is another are not among them.' })
  changed!: number;
}
