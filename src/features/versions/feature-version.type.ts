import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar } from '../../graphql/scalars.js';
import { ChangePayload } from '../../tenants/change-payload.type.js';
import type { FeatureDefinition } from '../feature.js';
import { FeatureDefinitionType } from '../feature.type.js';
import type { FeatureJob, JobKind } from './feature-version-store.js';
import type { FeatureVersion } from './feature-versions.js';

const StateEnum = { LIVE: 'LIVE', CANDIDATE: 'CANDIDATE', PAST: 'PAST' } as const;
registerEnumType(StateEnum, { name: 'FeatureVersionState' });

const JobKindEnum = { fill: 'fill', restore: 'restore' } as const satisfies { readonly [K in JobKind]: K };
registerEnumType(JobKindEnum, {
  name: 'FeatureJobKind',
  valuesConfig: {
    fill: { description: 'A candidate is computed beside what is live.' },
    restore: { description: 'Values that were set from outside are put back from their history.' },
  },
});

@ObjectType('FeatureJob', { simpleResolvers: true, description: 'Work over all customers, behind the answer.' })
export class FeatureJobType implements FeatureJob {
  @Field(() => JobKindEnum)
  kind!: JobKind;

  @Field(() => Int)
  version!: number;

  @Field(() => Int, { description: 'Customers when it began.' })
  total!: number;

  @Field(() => Int, { description: 'Customers so far.' })
  done!: number;

  @Field(() => DateTimeScalar)
  startedAt!: Date;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Null while it is under way.' })
  finishedAt!: Date | null;
}

@ObjectType('FeatureVersion', { simpleResolvers: true, description: "A way of computing a feature's values." })
export class FeatureVersionType implements FeatureVersion {
  @Field(() => Int)
  version!: number;

  @Field(() => StateEnum)
  state!: FeatureVersion['state'];

  @Field(() => FeatureDefinitionType, { description: 'As it was last said.' })
  definition!: FeatureDefinition;

  @Field(() => FeatureJobType, { nullable: true })
  job!: FeatureJob | null;
}

@ObjectType('FeatureProfile', { simpleResolvers: true, description: 'How the values of some customers are distributed.' })
export class FeatureProfileType {
  @Field(() => Int, { nullable: true })
  version!: number | null;

  @Field(() => Int)
  customers!: number;

  @Field(() => Float, { description: 'Share of the customers without a value.' })
  nullRate!: number;

  @Field(() => Float, { nullable: true, description: 'Of numbers.' })
  mean!: number | null;

  @Field(() => [Float], { description: 'Of numbers: the 5, 25, 50, 75 and 95 % quantiles.' })
  quantiles!: readonly number[];
}

@ObjectType('FeatureComparison', { simpleResolvers: true })
export class FeatureComparisonType {
  @Field(() => ID)
  name!: string;

  @Field(() => FeatureProfileType)
  live!: FeatureProfileType;

  @Field(() => FeatureProfileType)
  candidate!: FeatureProfileType;

  @Field(() => Float, { nullable: true, description: "Population stability index of the candidate's values against the live ones; null with fewer than 50 values." })
  stabilityIndex!: number | null;

  @Field(() => Float, { nullable: true, description: 'What the index passes by chance alone once in a thousand times.' })
  stabilityByChance!: number | null;

  @Field(() => Float, { description: 'Share of the customers whose values differ.' })
  differing!: number;
}

@ObjectType('FeatureVersionPayload', { simpleResolvers: true })
export class FeatureVersionPayload extends ChangePayload {
  @Field(() => FeatureDefinitionType)
  featureDefinition!: FeatureDefinition;
}

@ObjectType('SaveFeatureBaselinePayload', { simpleResolvers: true })
export class SaveFeatureBaselinePayload {
  @Field(() => FeatureProfileType)
  profile!: FeatureProfileType;
}
