import { Field, ID, ObjectType, registerEnumType } from 'type-graphql';
import { connectionTypeOf } from '../graphql/pagination.js';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';
import { alertKinds, type Alert, type AlertKind } from './alerts.js';

const AlertKindEnum = Object.fromEntries(alertKinds.map(it => [it, it])) as { readonly [K in AlertKind]: K };
registerEnumType(AlertKindEnum, {
  name: 'AlertKind',
  valuesConfig: {
    featureLimit: { description: 'The values of a feature pass a limit, and there is no version to go back to.' },
    featureRolledBack: { description: 'The values of a feature passed a limit, and it went back to the version before.' },
  },
});

@ObjectType('Alert', { simpleResolvers: true })
export class AlertType implements Alert {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTimeScalar)
  at!: Date;

  @Field(() => AlertKindEnum)
  kind!: AlertKind;

  @Field(() => String, { description: 'Kind and id of what it is about: feature/score.' })
  subject!: string;

  @Field(() => String)
  message!: string;

  @Field(() => JsonScalar)
  details!: Json;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Null while it lasts.' })
  endedAt!: Date | null;
}

export const AlertConnectionType = connectionTypeOf('Alert', AlertType);
