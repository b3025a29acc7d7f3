import { ArgsType, Field, ID } from 'type-graphql';

@ArgsType()
export class OnlineFeaturesArgs {
  @Field(() => [ID])
  customerIds!: string[];

  @Field(() => [ID], { nullable: true, description: 'Without them, every defined feature, in the order of the names.' })
  names?: string[] | null;
}
