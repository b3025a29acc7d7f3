import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import type { Condition } from '../conditions/condition.js';
import { ConditionScalar } from '../conditions/condition.type.js';
import { PolicyType, ScorerType } from '../content/placement.type.js';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { Arm, Experiment } from './experiment.js';

const experimentStatuses: { readonly [K in Experiment['status']]: K } = { draft: 'draft', running: 'running', stopped: 'stopped' };
registerEnumType(experimentStatuses, { name: 'ExperimentStatus' });

@ObjectType('Arm', { simpleResolvers: true })
export class ArmType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => Float, { description: 'Share of those who take part.' })
  weight!: number;

  @Field(() => ScorerType, { nullable: true, description: "Null: the placement's." })
  scorer?: ScorerType;

  @Field(() => PolicyType, { nullable: true, description: "Null: the placement's." })
  policy?: PolicyType;
}

@ObjectType('Experiment', { simpleResolvers: true, description: 'A comparison of ways to decide in one placement. The first arm is the control.' })
export class ExperimentType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  hypothesis!: string;

  @Field(() => experimentStatuses)
  status!: Experiment['status'];

  @Field(() => Float, { description: 'Share of customers who take part, [0, 1].' })
  coverage!: number;

  @Field(() => String, { description: "Who is in which arm depends on it and the customer's id alone." })
  seed!: string;

  @Field(() => ConditionScalar, { nullable: true, description: 'Who may take part; null: everybody.' })
  targeting?: Condition;

  @Field(() => [ArmType])
  arms!: readonly Arm[];
}

@ObjectType({ simpleResolvers: true })
export class ExperimentPayload extends ChangePayload {
  @Field(() => ExperimentType)
  experiment!: Experiment;
}
