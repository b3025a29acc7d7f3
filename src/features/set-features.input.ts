import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar, JsonScalar } from '../graphql/scalars.js';
import type { Json } from '../kernel/json.js';

@InputType('FeatureValueInput')
export class FeatureValueInput {
  @Field(() => ID)
  name!: string;

  @Field(() => JsonScalar)
  value!: Json;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That the value was computed for; now by default. A value of an older time than the one held changes nothing.' })
  at?: string | null;
}

@InputType('CustomerFeaturesInput')
export class CustomerFeaturesInput {
  @Field(() => ID)
  customerId!: string;

  @Field(() => [FeatureValueInput])
  values!: FeatureValueInput[];
}

@InputType('SetFeaturesInput')
export class SetFeaturesInput {
  @Field(() => [CustomerFeaturesInput], { description: 'At most 1,000 customers and 10,000 values; all are taken, or none.' })
  customers!: CustomerFeaturesInput[];
}

@ObjectType('SetFeaturesPayload', { simpleResolvers: true })
export class SetFeaturesPayload {
  @Field(() => Int, { description: 'Customers whose values changed.' })
  changedCustomers!: number;
}
