import { Field, Float, ID, InputType } from 'type-graphql';
import { ConditionInput } from '../conditions/condition.input.js';
import type { Rule } from './rule-set.js';
import { ruleEffects } from './rule-set.type.js';

@InputType('RuleInput')
export class RuleInput {
  @Field(() => ID)
  id!: string;

  @Field(() => ruleEffects)
  effect!: Rule['effect'];

  @Field(() => ConditionInput, { nullable: true, description: 'The items that it is about: reads `item` only. All without it.' })
  items?: ConditionInput | null;

  @Field(() => ConditionInput)
  when!: ConditionInput;

  @Field(() => [ID], { nullable: true, description: 'The placements that it counts in. All without it.' })
  placements?: string[] | null;

  @Field(() => Float, { nullable: true, description: 'For a boost, and for it only: > 0, at most 1000.' })
  factor?: number | null;

  @Field(() => String, { description: 'Said where the rule drops an item.' })
  reason!: string;
}

@InputType('RuleSetInput')
export class RuleSetInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => [RuleInput], { description: 'At most 200, each with an id of its own.' })
  rules!: RuleInput[];
}

@InputType()
export class PublishRuleSetInput {
  @Field(() => ID)
  id!: string;
}
