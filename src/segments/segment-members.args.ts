import { ArgsType, Field, ID } from 'type-graphql';
import { PageArgs } from '../graphql/pagination.js';

@ArgsType()
export class CustomersArgs extends PageArgs {
  @Field(() => ID, { nullable: true, description: 'Members of this segment alone.' })
  segment?: string | null;
}
