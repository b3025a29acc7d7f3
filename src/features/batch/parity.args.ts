import { ArgsType, Field, ID, Int } from 'type-graphql';

@ArgsType()
export class FeatureParityArgs {
  @Field(() => Int, { defaultValue: 500, description: 'Customers, 1 to 5,000.' })
  sample!: number;

  @Field(() => [ID], { nullable: true, description: 'Of computed features; without them, all of these.' })
  names?: string[] | null;
}
