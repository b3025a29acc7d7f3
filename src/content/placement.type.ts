import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { ConditionScalar } from '../conditions/condition.type.js';
import type { Condition } from '../conditions/condition.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { BanditSpec, Placement, PolicySpec, ScorerRef } from './placement.js';

export const scorerKinds: { readonly [K in ScorerRef['kind']]: K } = { model: 'model', bandit: 'bandit', priority: 'priority' };
registerEnumType(scorerKinds, {
  name: 'ScorerKind',
  description: 'What puts candidates in order.',
  valuesConfig: {
    model: { description: 'A registered model.' },
    bandit: { description: 'What the placement has learned from outcomes.' },
    priority: { description: 'The order of the editors.' },
  },
});

export const policyKinds: { readonly [K in PolicySpec['kind']]: K } = { uniform: 'uniform', greedy: 'greedy', epsilonGreedy: 'epsilonGreedy' };
registerEnumType(policyKinds, {
  name: 'PolicyKind',
  description: 'How scores become probabilities.',
  valuesConfig: {
    uniform: { description: 'Each candidate alike.' },
    greedy: { description: 'Always the best.' },
    epsilonGreedy: { description: 'The best, or with probability epsilon one drawn from all.' },
  },
});

export const hemispheres: { readonly [K in Placement['hemisphere']]: K } = { north: 'north', south: 'south' };
registerEnumType(hemispheres, { name: 'Hemisphere' });

@ObjectType('Scorer', { simpleResolvers: true })
export class ScorerType {
  @Field(() => scorerKinds)
  kind!: ScorerRef['kind'];

  @Field(() => ID, { nullable: true, description: 'Of a scorer of kind model.' })
  modelId?: string;
}

@ObjectType('Policy', { simpleResolvers: true })
export class PolicyType {
  @Field(() => policyKinds)
  kind!: PolicySpec['kind'];

  @Field(() => Float, { nullable: true, description: 'Of a policy of kind epsilonGreedy, in [0, 1].' })
  epsilon?: number;
}

@ObjectType('Bandit', { simpleResolvers: true, description: 'What a placement learns by: a linear model of each item, with a confidence bound (LinUCB).' })
export class BanditType implements BanditSpec {
  @Field(() => [String], { description: 'Features that are its context, in order.' })
  features!: readonly string[];

  @Field(() => Float, { description: 'Ridge strength.' })
  lambda!: number;

  @Field(() => Float, { description: 'Width of the confidence bound that is added to the mean.' })
  alpha!: number;
}

@ObjectType('Placement', { simpleResolvers: true, description: 'A place on a page, in a mail, in an app, that shows items.' })
export class PlacementType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Boolean, { description: 'Meant where a request names no placement.' })
  isDefault!: boolean;

  @Field(() => ConditionScalar, { nullable: true, description: 'The items that it takes; null: all.' })
  accepts?: Condition;

  @Field(() => Int, { description: 'Items that it shows at once.' })
  slots!: number;

  @Field(() => ScorerType)
  scorer!: ScorerType;

  @Field(() => PolicyType)
  policy!: PolicyType;

  @Field(() => ID, { nullable: true, description: 'Shown where nothing else can be.' })
  fallbackItemId?: string;

  @Field(() => Float, { description: 'Share of customers, [0, 1), who always get the order of the editors.' })
  holdout!: number;

  @Field(() => hemispheres, { description: 'Says when its seasons are.' })
  hemisphere!: Placement['hemisphere'];

  @Field(() => BanditType, { nullable: true, description: 'Null: it does not learn.' })
  bandit?: BanditType;
}

@ObjectType({ simpleResolvers: true })
export class UpsertPlacementPayload extends ChangePayload {
  @Field(() => PlacementType)
  placement!: Placement;
}
