import { Field, ID, InputType, Int } from 'type-graphql';

@InputType('PromoteFeatureVersionInput')
export class PromoteFeatureVersionInput {
  @Field(() => ID, { description: 'A feature with a candidate.' })
  name!: string;
}

@InputType('RollBackFeatureInput')
export class RollBackFeatureInput {
  @Field(() => ID)
  name!: string;

  @Field(() => Int, { nullable: true, description: 'A version that was live; by default the one before.' })
  version?: number | null;
}

@InputType('SaveFeatureBaselineInput')
export class SaveFeatureBaselineInput {
  @Field(() => ID)
  name!: string;

  @Field(() => ID, { description: 'Saved again, it takes the place of the one before.' })
  baseline!: string;
}

@InputType()
export class DeleteFeatureDefinitionInput {
  @Field(() => ID)
  name!: string;
}
