import { Field, Float, ID, InputType, Int } from 'type-graphql';
import { ConditionInput } from '../conditions/condition.input.js';
import type { Placement, PolicySpec, ScorerRef } from './placement.js';
import { hemispheres, policyKinds, scorerKinds } from './placement.type.js';

@InputType('ScorerInput')
export class ScorerInput {
  @Field(() => scorerKinds)
  kind!: ScorerRef['kind'];

  @Field(() => ID, { nullable: true, description: 'For the kind model, and for it only.' })
  modelId?: string | null;
}

@InputType('PolicyInput')
export class PolicyInput {
  @Field(() => policyKinds)
  kind!: PolicySpec['kind'];

  @Field(() => Float, { nullable: true, description: 'For the kind epsilonGreedy, and for it only; in [0, 1].' })
  epsilon?: number | null;
}

@InputType('BanditInput')
export class BanditInput {
  @Field(() => [String], { description: 'Names of features that are numbers, at most 64.' })
  features!: string[];

  @Field(() => Float, { description: 'Ridge strength, > 0.' })
  lambda!: number;

  @Field(() => Float, { description: 'Width of the confidence bound, >= 0.' })
  alpha!: number;
}

@InputType('PlacementInput')
export class PlacementInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Boolean, { defaultValue: false, description: 'Takes the place of the one that is the default now.' })
  isDefault!: boolean;

  @Field(() => ConditionInput, { nullable: true, description: 'The items that it takes: reads `item` only. All without it.' })
  accepts?: ConditionInput | null;

  @Field(() => Int, { defaultValue: 1, description: 'Items that it shows at once, 1 to 20.' })
  slots!: number;

  @Field(() => ScorerInput)
  scorer!: ScorerInput;

  @Field(() => PolicyInput)
  policy!: PolicyInput;

  @Field(() => ID, { nullable: true })
  fallbackItemId?: string | null;

  @Field(() => Float, { defaultValue: 0, description: 'Share of customers, [0, 1), who always get the order of the editors.' })
  holdout!: number;

  @Field(() => hemispheres, { defaultValue: 'north' })
  hemisphere!: Placement['hemisphere'];

  @Field(() => BanditInput, { nullable: true })
  bandit?: BanditInput | null;
}
