import { Field, Float, ID, InputType } from 'type-graphql';
import { ConditionInput } from '../conditions/condition.input.js';
import { PolicyInput, ScorerInput } from '../content/placement.input.js';

@InputType('ArmInput')
export class ArmInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Float, { description: 'Share of those who take part; the weights of all arms sum to 1.' })
  weight!: number;

  @Field(() => ScorerInput, { nullable: true, description: "Without it, the placement's." })
  scorer?: ScorerInput | null;

  @Field(() => PolicyInput, { nullable: true, description: "Without it, the placement's." })
  policy?: PolicyInput | null;
}

@InputType('ExperimentInput')
export class ExperimentInput {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  hypothesis?: string | null;

  @Field(() => ID)
  placementId!: string;

  @Field(() => Float, { defaultValue: 1, description: 'Share of customers who take part, [0, 1].' })
  coverage!: number;

  @Field(() => String, { nullable: true, description: "Salt of the assignment's hash; the experiment's id without it." })
  seed?: string | null;

  @Field(() => ConditionInput, { nullable: true, description: 'Who may take part: does not read `item`. Everybody without it.' })
  targeting?: ConditionInput | null;

  @Field(() => [ArmInput], { description: '2 to 20; the first is the control.' })
  arms!: ArmInput[];
}

@InputType()
export class StartExperimentInput {
  @Field(() => ID)
  id!: string;
}

@InputType()
export class StopExperimentInput {
  @Field(() => ID)
  id!: string;
}
