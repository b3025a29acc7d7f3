import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../../graphql/scalars.js';
import type { FeatureSkew, Parity } from './parity.js';
import type { Recompute } from './recompute.js';

const recomputeStateEnum = { RUNNING: 'RUNNING', DONE: 'DONE', FAILED: 'FAILED' } as const;
registerEnumType(recomputeStateEnum, { name: 'RecomputeState' });

@ObjectType('FeatureRecompute', { simpleResolvers: true, description: 'A recount of all customers.' })
export class RecomputeType implements Recompute {
  @Field(() => ID)
  id!: string;

  @Field(() => recomputeStateEnum)
  state!: Recompute['state'];

  @Field(() => Int, { description: 'Customers; 0 until the log has been read.' })
  total!: number;

  @Field(() => Int, { description: 'Customers so far.' })
  done!: number;

  @Field(() => Int, { description: 'Customers of whom a value, or its time, is another one now.' })
  changed!: number;

  @Field(() => DateTimeScalar)
  startedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true })
  finishedAt!: Date | undefined;

  @Field(() => String, { nullable: true, description: 'Why it ended before it was done.' })
  failure!: string | undefined;
}

@ObjectType('RecomputeFeaturesPayload', { simpleResolvers: true })
export class RecomputeFeaturesPayload {
  @Field(() => RecomputeType)
  recompute!: Recompute;
}

@ObjectType('FeatureSkew', { simpleResolvers: true })
export class FeatureSkewType implements FeatureSkew {
  @Field(() => ID)
  name!: string;

  @Field(() => Int, { description: 'Customers.' })
  compared!: number;

  @Field(() => Int, { description: 'Customers of whom readers see another value than the log gives.' })
  differing!: number;

  @Field(() => Float, { nullable: true, description: 'Between numbers; null where no two differ.' })
  greatestDifference!: number | undefined;
}

@ObjectType('FeatureParity', { simpleResolvers: true, description: 'What readers see beside what the log gives at the same moment.' })
export class ParityType implements Parity {
  @Field(() => Int, { description: 'That were compared.' })
  customers!: number;

  @Field(() => Int, { description: 'Of the sample, those who were just changing; they are not compared.' })
  unsettled!: number;

  @Field(() => [FeatureSkewType], { description: 'In the order of the names.' })
  features!: readonly FeatureSkew[];
}
