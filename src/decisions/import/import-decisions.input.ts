import { Field, Float, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../../graphql/scalars.js';
import type { Json } from '../../kernel/json.js';

@InputType('ImportedOutcomeInput')
export class ImportedOutcomeInput {
  @Field(() => ID, { description: 'Sent twice, it is kept once.' })
  id!: string;

  @Field(() => String, { description: 'IMPRESSION, CLICK or CONVERSION.' })
  kind!: string;

  @Field(() => Float, { nullable: true })
  value?: number | null;

  @Field(() => DateTimeScalar)
  at!: string;
}

@InputType('ImportedDecisionInput')
export class ImportedDecisionInput {
  @Field(() => ID, { description: 'UUIDv7 whose time is `decidedAt`. Sent twice, it is kept once.' })
  id!: string;

  @Field(() => DateTimeScalar)
  decidedAt!: string;

  @Field(() => ID)
  customerId!: string;

  @Field(() => JsonScalar, { nullable: true, description: 'What was known of the customer then: texts, numbers, booleans and lists of texts by their names.' })
  attributes?: Json;

  @Field(() => JsonScalar, { nullable: true, description: 'Where and how the customer was met, by names.' })
  context?: Json;

  @Field(() => ID, { description: 'The item that was chosen.' })
  itemId!: string;

  @Field(() => Int, { description: 'Where it was shown, from 1.' })
  position!: number;

  @Field(() => Float, { description: 'In (0, 1]: with which the other system chose the item.' })
  propensity!: number;

  @Field(() => [ImportedOutcomeInput])
  outcomes!: ImportedOutcomeInput[];
}

@InputType('ImportDecisionsInput', { description: 'Decisions of one log, made in one placement among the same items.' })
export class ImportDecisionsInput {
  @Field(() => ID, { description: 'Name of the log. Not `live`, which is the own one.' })
  log!: string;

  @Field(() => ID)
  placementId!: string;

  @Field(() => [ID], { description: 'The items that could be chosen.' })
  candidateItemIds!: string[];

  @Field(() => [ImportedDecisionInput], { description: 'At most 1,000.' })
  decisions!: ImportedDecisionInput[];
}

@ObjectType('ImportDecisionsPayload', { description: 'How many were new; the others were there before.' })
export class ImportDecisionsPayload {
  @Field(() => Int)
  decisions!: number;

  @Field(() => Int)
  outcomes!: number;
}
