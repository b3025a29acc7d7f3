import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { CursorScalar, DateTimeScalar } from '../graphql/scalars.js';

@InputType('ReplayEventsInput')
export class ReplayEventsInput {
  @Field(() => DateTimeScalar, { description: 'Events of this time and later, by when they happened.' })
  from!: string;

  @Field(() => DateTimeScalar, { description: 'Events before this time.' })
  to!: string;

  @Field(() => String, { nullable: true, description: 'Only events of this type.' })
  type?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only events of this customer.' })
  customerId?: string | null;

  @Field(() => CursorScalar, { nullable: true, description: 'Goes on after the page that answered with it.' })
  after?: string | null;
}

@ObjectType('ReplayPage', { simpleResolvers: true })
export class ReplayPageType {
  @Field(() => Int, { description: 'That were streamed again by this page.' })
  events!: number;

  @Field(() => Int, { description: 'Whose events they are.' })
  customers!: number;

  @Field(() => Int, { nullable: true, description: 'Customers with such events; on the first page only.' })
  totalCustomers!: number | null;

  @Field(() => CursorScalar, { nullable: true, description: 'Null where there are no more.' })
  after!: string | null;
}
