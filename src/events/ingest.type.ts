import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';

const IngestStatusEnum = { ACCEPTED: 'ACCEPTED', DUPLICATE: 'DUPLICATE', REJECTED: 'REJECTED' } as const;
registerEnumType(IngestStatusEnum, { name: 'IngestStatus' });

@InputType('EventInput')
export class EventInput {
  @Field(() => ID, { description: "The sender's own; an event that is sent twice is kept once." })
  id!: string;

  @Field(() => ID)
  customerId!: string;

  @Field(() => String, { description: 'page_view, add_to_cart, purchase, email_open, email_click, form_submit, login, or a type that is defined: see eventTypes.' })
  type!: string;

  @Field(() => String, { nullable: true, description: 'ISO 8601: when it happened, while events are kept, and at most 10 minutes ahead; now by default. What is no such time is answered with its event.' })
  at?: string | null;

  @Field(() => JsonScalar, { nullable: true, description: 'An object: sessionId, pageUrl, userAgent, metadata, value …' })
  properties?: Json;
}

@ObjectType('EventResult', { simpleResolvers: true })
export class EventResultType {
  @Field(() => ID, { nullable: true })
  id!: string | null;

  @Field(() => IngestStatusEnum)
  status!: keyof typeof IngestStatusEnum;

  @Field(() => String, { nullable: true })
  code?: string;

  @Field(() => String, { nullable: true, description: 'JSON pointer of what is wrong; of what does not fit where the event was taken nevertheless, by a type that warns.' })
  pointer?: string;

  @Field(() => String, { nullable: true, description: 'What has to be there.' })
  expected?: string;

  @Field(() => String, { nullable: true, description: 'What is there instead: nothing, null, boolean, number, text, list or object.' })
  got?: string;
}

@ObjectType('IngestResult', { simpleResolvers: true })
export class IngestResultType {
  @Field(() => Int)
  accepted!: number;

  @Field(() => Int)
  duplicates!: number;

  @Field(() => Int)
  rejected!: number;

  @Field(() => [EventResultType], { description: 'In the order of the events.' })
  results!: readonly EventResultType[];
}
