import { Field, ID, ObjectType } from 'type-graphql';
import type { FeatureValue } from '../../customers/online-record.js';
import { DateTimeScalar, JsonScalar } from '../../graphql/scalars.js';
import type { Segment } from '../segment.js';
import { SegmentType } from '../segment.type.js';

@ObjectType('ExplainedNode', { simpleResolvers: true })
export class ExplainedNodeType {
  @Field(() => String, { description: 'JSON pointer of the node within the condition: /and/1/not.' })
  path!: string;

  @Field(() => String, { description: 'The field that is set in it: and, or, not, attribute, feature, did, inSegment.' })
  kind!: string;

  @Field(() => Boolean, { nullable: true, description: 'Null: not known, since a value is missing or of another type.' })
  truth!: boolean | null;

  @Field(() => JsonScalar, { nullable: true, description: 'Of a leaf: the value, the times that something was done, or whether the customer is in the segment. Null where it is missing.' })
  seen!: FeatureValue | null;

  @Field(() => Boolean, { description: 'True where the value is personal, and so not told.' })
  isHidden!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When time alone may next change the truth; null where it does not.' })
  changesAt!: Date | null;
}

@ObjectType('MembershipExplanation', { simpleResolvers: true, description: 'Why a customer is in a segment or not, and until when that holds by itself.' })
export class MembershipExplanationType {
  @Field(() => ID)
  customerId!: string;

  @Field(() => SegmentType)
  segment!: Segment;

  @Field(() => Boolean, { description: 'As it is kept, which follows what happens within a second.' })
  isMember!: boolean;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Null of those who are not in.' })
  since!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When time alone may next change it; null where it does not.' })
  changesAt!: Date | null;

  @Field(() => [ExplainedNodeType], { description: 'The nodes of the condition, each before its parts; none of a list that is kept by hand.' })
  nodes!: readonly ExplainedNodeType[];
}
