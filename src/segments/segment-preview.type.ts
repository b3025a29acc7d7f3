import { Field, Int, ObjectType } from 'type-graphql';
import { CustomerType } from '../customers/customer.type.js';
import type { Customer } from '../customers/customer.js';

@ObjectType('SegmentPreview', { simpleResolvers: true, description: 'Who would be in a segment with a condition.' })
export class SegmentPreviewType {
  @Field(() => Int, { description: 'Members among the customers that were looked at.' })
  count!: number;

  @Field(() => Int, { description: 'Customers that were looked at: all of them, or the first 20,000 in the order of their ids.' })
  scanned!: number;

  @Field(() => Boolean, { description: 'Whether all customers were looked at.' })
  isComplete!: boolean;

  @Field(() => [CustomerType], { description: 'The first members, at most 20.' })
  sample!: readonly Customer[];
}
