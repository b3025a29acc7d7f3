import { Field, Float, ID, Int, ObjectType, registerEnumType } from 'type-graphql';
import type { FeatureValue } from '../customers/online-record.js';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { FeatureStatus } from './feature.js';
import type { OnlineFeature } from './online-features.js';

const FeatureStatusEnum = { FRESH: 'FRESH', STALE: 'STALE', MISSING: 'MISSING', DEFAULTED: 'DEFAULTED' } as const;
registerEnumType(FeatureStatusEnum, {
  name: 'FeatureStatus',
  valuesConfig: {
    FRESH: { description: 'No older than the time to live.' },
    STALE: { description: 'Older than the time to live.' },
    MISSING: { description: 'There is no value.' },
    DEFAULTED: { description: 'There is no value; the default stands for it.' },
  },
});

@ObjectType('CustomerFeature', { simpleResolvers: true, description: 'A feature as a decision would read it now.' })
export class CustomerFeatureType {
  @Field(() => ID)
  name!: string;

  @Field(() => JsonScalar, { nullable: true, description: 'Null where it is missing.' })
  value!: FeatureValue | null;

  @Field(() => FeatureStatusEnum)
  status!: FeatureStatus;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That the value was computed for.' })
  at!: number | null;

  @Field(() => Float, { nullable: true })
  ageMs!: number | null;

  @Field(() => Int, { description: 'Of the definition that gave the value; without a value, of the one in force.' })
  version!: number;
}

@ObjectType('CustomerFeatures', { simpleResolvers: true })
export class CustomerFeaturesType {
  @Field(() => ID)
  customerId!: string;

  @Field(() => Boolean, { description: 'Whether there is such a customer.' })
  known!: boolean;

  @Field(() => [CustomerFeatureType])
  features!: readonly OnlineFeature[];
}
