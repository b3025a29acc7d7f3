import { Field, ID, InputType } from 'type-graphql';
import type { EvaluatedPolicy } from './policy-evaluation.js';
import { policies } from './policy-evaluation.type.js';

@InputType('EvaluatePolicyInput')
export class EvaluatePolicyInput {
  @Field(() => ID, { description: '`live`, or the name of an imported log.' })
  log!: string;

  @Field(() => policies)
  policy!: EvaluatedPolicy;

  @Field(() => ID, { nullable: true, description: "Only decisions of this placement; linucb then has the placement's features, λ and α." })
  placementId?: string | null;
}
