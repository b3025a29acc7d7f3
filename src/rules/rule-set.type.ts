import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Condition } from '../conditions/condition.js';
import { ConditionScalar } from '../conditions/condition.type.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { Rule, RuleSet } from './rule-set.js';

export const ruleEffects: { readonly [K in Rule['effect']]: K } = { exclude: 'exclude', require: 'require', boost: 'boost' };
registerEnumType(ruleEffects, {
  name: 'RuleEffect',
  valuesConfig: {
    exclude: { description: 'An item is dropped where `when` holds.' },
    require: { description: 'An item is dropped unless `when` holds; "not known" drops.' },
    boost: { description: "An item's score is multiplied by `factor` where `when` holds." },
  },
});

@ObjectType('Rule', { simpleResolvers: true })
export class RuleType implements Rule {
  @Field(() => ID)
  id!: string;

  @Field(() => ruleEffects)
  effect!: Rule['effect'];

  @Field(() => ConditionScalar, { nullable: true, description: 'The items that it is about; null: all.' })
  items?: Condition | undefined;

  @Field(() => ConditionScalar)
  when!: Condition;

  @Field(() => [ID], { nullable: true, description: 'The placements that it counts in; null: all.' })
  placements?: readonly string[] | undefined;

  @Field(() => Float, { nullable: true, description: 'Of a boost.' })
  factor?: number | undefined;

  @Field(() => String, { description: 'Said where the rule drops an item.' })
  reason!: string;
}

@ObjectType('RuleSetContent', { simpleResolvers: true })
export class RuleSetContentType {
  @Field(() => String)
  name!: string;

  @Field(() => [RuleType])
  rules!: readonly Rule[];
}

@ObjectType('RuleSet', { simpleResolvers: true, description: 'Rules that are published together. All published sets count, in the order of their ids.' })
export class RuleSetType {
  @Field(() => ID)
  id!: string;

  @Field(() => RuleSetContentType, { nullable: true, description: 'What decisions obey; null before the first publication.' })
  live!: RuleSet | null;

  @Field(() => RuleSetContentType, { nullable: true, description: 'What was saved last.' })
  draft!: RuleSet | null;

  @Field(() => Boolean, { description: 'The draft says something else than what is live.' })
  hasUnpublishedChanges!: boolean;
}

@ObjectType({ simpleResolvers: true })
export class RuleSetPayload extends ChangePayload {
  @Field(() => RuleSetType)
  ruleSet!: RuleSetType;
}
