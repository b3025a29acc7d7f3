import { Field, Int, ObjectType } from 'type-graphql';
import type { FeatureValue } from '../../customers/online-record.js';
import { connectionTypeOf } from '../../graphql/pagination.js';
import { DateTimeScalar, JsonScalar } from '../../graphql/scalars.js';
import type { FeatureChange } from './feature-change.js';

@ObjectType('FeatureValueChange', { simpleResolvers: true })
export class FeatureChangeType implements FeatureChange {
  @Field(() => Int, { description: 'Numbers the changes of one value from 1.' })
  seq!: number;

  @Field(() => Int, { description: 'Of the definition that gave the value.' })
  version!: number;

  @Field(() => JsonScalar, { nullable: true, description: 'Null where the value went missing.' })
  value!: FeatureValue | null;

  @Field(() => DateTimeScalar, { description: 'That the value was computed for.' })
  at!: Date;

  @Field(() => DateTimeScalar, { description: 'From when on it could be read.' })
  recordedAt!: Date;
}

export const FeatureChangeConnectionType = connectionTypeOf('FeatureValueChange', FeatureChangeType);
