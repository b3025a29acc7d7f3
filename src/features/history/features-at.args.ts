import { ArgsType, Field, ID } from 'type-graphql';
import { DateTimeScalar } from '../../graphql/scalars.js';

@ArgsType()
export class FeaturesAtArgs {
  @Field(() => ID)
  customerId!: string;

  @Field(() => [ID], { description: 'At most 100.' })
  names!: string[];

  @Field(() => DateTimeScalar)
  at!: string;
}
