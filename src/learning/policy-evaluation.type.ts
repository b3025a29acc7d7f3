import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { EvaluatedPolicy, PolicyEvaluation, ReplayValue } from './policy-evaluation.js';

export const policies: { readonly [K in EvaluatedPolicy]: K } = { uniform: 'uniform', linucb: 'linucb' };
registerEnumType(policies, {
  name: 'EvaluatedPolicy',
  valuesConfig: {
    uniform: { description: 'All items alike. Estimated by weights: IPS and SNIPS.' },
    linucb: { description: 'The linear bandit, which learns as it goes (LinUCB). Estimated by the replay method, on a log of chance alone.' },
  },
});

@ObjectType('PolicyEstimate', { simpleResolvers: true, description: 'Mean reward of a decision, with its interval of 95 %.' })
export class PolicyEstimateType {
  @Field(() => Float)
  value!: number;

  @Field(() => Float)
  low!: number;

  @Field(() => Float)
  high!: number;
}

@ObjectType('ReplayEstimate', { simpleResolvers: true, description: 'By the replay method (Li, Chu, Langford, Wang 2011).' })
export class ReplayEstimateType extends PolicyEstimateType implements ReplayValue {
  @Field(() => Int, { description: 'Decisions in which the policy chose as the log did: those that it learned from and is judged by.' })
  matched!: number;
}

@ObjectType('PolicyEvaluation', {
  simpleResolvers: true,
  description: 'What a policy would have got where a log decided: clicks or conversions for each decision that was seen.',
})
export class PolicyEvaluationType implements Omit<PolicyEvaluation, 'placementId'> {
  @Field(() => ID)
  log!: string;

  @Field(() => policies)
  policy!: EvaluatedPolicy;

  @Field(() => Int, { description: 'Decisions of the log that were seen and had a choice.' })
  decisions!: number;

  @Field(() => PolicyEstimateType, { nullable: true, description: 'Inverse propensity scoring: unbiased.' })
  ips!: PolicyEvaluation['ips'];

  @Field(() => PolicyEstimateType, { nullable: true, description: 'Self-normalized: a little biased, less noisy.' })
  snips!: PolicyEvaluation['snips'];

  @Field(() => ReplayEstimateType, { nullable: true })
  replay!: ReplayValue | null;

  @Field(() => Float, { description: 'How many decisions of its own would tell as much of the policy.' })
  effectiveSampleSize!: number;

  @Field(() => Float)
  maxWeight!: number;

  @Field(() => Boolean, { description: 'False where the log says nothing of the policy: there is no estimate then, and a reason.' })
  supported!: boolean;

  @Field(() => String, {
    nullable: true,
    description:
      'NO_DECISIONS, TOO_FEW_ROWS; BEYOND_THE_LOG: it would choose what the log never could have; NO_MATCH: it never chooses as the log did; ' +
      'WEIGHTS_OFF: the propensities are not true, or decisions are missing; NOT_UNIFORM: the replay method needs a log of chance alone.',
  })
  reason!: PolicyEvaluation['reason'];
}
