import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { FeatureStatus } from './feature.js';
import type { FeatureValue } from '../customers/online-record.js';

const FeatureStatusEnum = { FRESH: 'FRESH', STALE: 'STALE', MISSING: 'MISSING', DEFAULTED: 'DEFAULTED' } as const;
registerEnumType(FeatureStatusEnum, { name: 'FeatureStatus' });

@ObjectType('CustomerFeature', { simpleResolvers: true, description: 'A feature as a decision would read it now.' })
export class CustomerFeatureType {
  @Field(() => ID)
  name!: string;

  @Field(() => JsonScalar, { nullable: true, description: 'Null where it is missing.' })
  value!: FeatureValue | null;

  @Field(() => FeatureStatusEnum)
  status!: FeatureStatus;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That the value was computed for.' })
  at!: Date | null;

  @Field(() => Float, { nullable: true })
  ageMs!: number | null;
}
