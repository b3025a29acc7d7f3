import { Field, ID, InputType, Int, registerEnumType } from 'type-graphql';
import { OneOf } from '../graphql/one-of.js';
import { DateTimeScalar, DurationScalar, JsonScalar } from '../graphql/scalars.js';
import { operators, type Operator } from './condition.js';

/** Two are known by the names that other systems give them, too. */
const operatorEnum = { ...(Object.fromEntries(operators.map(it => [it, it])) as { readonly [K in Operator]: K }), greater_than: 'greater_than', less_than: 'less_than' } as const;

registerEnumType(operatorEnum, {
  name: 'Operator',
  description: 'How a named value is compared. A missing value, or one of another type, makes every comparison "not known", except `exists`.',
  valuesConfig: {
    greater_than: { description: 'The same as greaterThan.' },
    less_than: { description: 'The same as lessThan.' },
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
  operator!: keyof typeof operatorEnum;

  @Field(() => JsonScalar, { nullable: true, description: 'Its type is what the operator takes, and is that of the declared name.' })
  value?: unknown;
}

@InputType('BehaviourInput', { description: 'How often a customer has done something. "Did not" is `not` of it.' })
export class BehaviourInput {
  @Field(() => ID, { description: 'Type of the events.' })
  event!: string;

  @Field(() => ConditionInput, { nullable: true, description: 'Reads each event by `property`, and nothing else; those count for which it holds.' })
  where?: ConditionInput | null;

  @Field(() => Int, { defaultValue: 1, description: 'Times; 0 only with `atMost`.' })
  atLeast!: number;

  @Field(() => Int, { nullable: true, description: 'Times; any number by default.' })
  atMost?: number | null;

  @Field(() => DurationScalar, { nullable: true, description: 'The window before now, PT1H to P90D. The answer follows it as time goes by.' })
  within?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Of the first event that counts, instead of a window. Without both, all count that the log holds.' })
  since?: string | null;
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

  @Field(() => ComparisonInput, { nullable: true, description: 'Of an event, in the `where` of a behaviour or an aggregate: what its properties hold at the top.' })
  property?: ComparisonInput | null;

  @Field(() => BehaviourInput, { nullable: true, description: 'The customer has done this, as often as it says.' })
  did?: BehaviourInput | null;

  @Field(() => ID, { nullable: true, description: 'The customer is in this segment.' })
  inSegment?: string | null;
}
