import { ArgsType, Field, ID } from 'type-graphql';
import { PageArgs } from '../../graphql/pagination.js';

@ArgsType()
export class FeatureHistoryArgs extends PageArgs {
  @Field(() => ID)
  customerId!: string;

  @Field(() => ID)
  name!: string;
}
