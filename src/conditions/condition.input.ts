import { Field, ID, InputType, registerEnumType } from 'type-graphql';
import { OneOf } from '../graphql/one-of.js';
import { JsonScalar } from '../graphql/scalars.js';
import { operators, type Operator } from './condition.js';

const operatorEnum = Object.fromEntries(operators.map(it => [it, it])) as { readonly [K in Operator]: K };

registerEnumType(operatorEnum, {
  name: 'Operator',
  description: 'How a named value is compared. A missing value, or one of another type, makes every comparison "not known", except `exists`.',
  valuesConfig: {
    in: { description: 'Takes a list of texts or numbers. A list of texts is in where one of them is.' },
    contains: { description: 'A text contains this text, a list of texts has it.' },
    exists: { description: 'Takes true (as without a value) or false.' },
    between: { description: 'Takes [low, high], both included.' },
    before: { description: 'Takes an ISO-8601 time with its zone.' },
    withinLast: { description: 'Takes an ISO-8601 duration of weeks, days, hours, minutes and seconds: P30D.' },
  },
});

@InputType('ComparisonInput')
export class ComparisonInput {
  @Field(() => String)
  name!: string;

  @Field(() => operatorEnum)
  operator!: Operator;

  @Field(() => JsonScalar, { nullable: true, description: 'Its type is what the operator takes, and is that of the declared name.' })
  value?: unknown;
}

@OneOf()
@InputType('ConditionInput', { description: 'One typed tree for segments, rules and targeting; at most 200 nodes and 20 levels. Exactly one field in each node.' })
export class ConditionInput {
  @Field(() => [ConditionInput], { nullable: true, description: 'Holds where all hold; at least one.' })
  and?: ConditionInput[] | null;

  @Field(() => [ConditionInput], { nullable: true, description: 'Holds where at least one holds; at least one.' })
  or?: ConditionInput[] | null;

  @Field(() => ConditionInput, { nullable: true, description: 'Not known where its part is not known.' })
  not?: ConditionInput | null;

  @Field(() => ComparisonInput, { nullable: true, description: 'Of the customer.' })
  attribute?: ComparisonInput | null;

  @Field(() => ComparisonInput, { nullable: true, description: 'A defined feature of the customer.' })
  feature?: ComparisonInput | null;

  @Field(() => ComparisonInput, { nullable: true, description: 'Of the request: what its context holds, and `hour`, `dayOfWeek` and `season`.' })
  context?: ComparisonInput | null;

  @Field(() => ComparisonInput, { nullable: true, description: 'Of the item that is looked at: its fields and attributes.' })
  item?: ComparisonInput | null;

  @Field(() => ID, { nullable: true, description: 'The customer is in this segment.' })
  inSegment?: string | null;
}
