import { Field, Float, ID, InputType } from 'type-graphql';
import type { ModelInput } from './input-contract.js';
import { inputSources, transformKinds } from './model.type.js';

@InputType('TransformInput')
export class TransformInput {
  @Field(() => transformKinds)
  kind!: ModelInput['transform']['kind'];

  @Field(() => Float, { nullable: true, description: 'For number, count and ageDays; 1 without it.' })
  scale?: number | null;

  @Field(() => Float, { nullable: true, description: 'For number; 0 without it.' })
  offset?: number | null;

  @Field(() => [String], { nullable: true, description: 'For oneHot.' })
  values?: string[] | null;

  @Field(() => Float, { nullable: true, description: 'For cyclic.' })
  period?: number | null;
}

@InputType('ModelInputInput')
export class ModelInputInput {
  @Field(() => inputSources)
  source!: ModelInput['source'];

  @Field(() => String, { description: "`{category}` in it stands for the candidate's category." })
  name!: string;

  @Field(() => TransformInput)
  transform!: TransformInput;

  @Field(() => Float, { description: 'Each column where the value is missing, or is none that the transform takes.' })
  missing!: number;
}

@InputType('RegisterModelInput')
export class RegisterModelInput {
  @Field(() => ID, { description: 'Of a model that is there: its next version.' })
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null;

  @Field(() => String, { description: 'The ONNX file in base64; at most 4 MiB of bytes.' })
  artifact!: string;

  @Field(() => [ModelInputInput], { description: 'In the order of the columns of its one input tensor, [rows, columns] of float32.' })
  inputs!: ModelInputInput[];

  @Field(() => String, { description: 'Name of the output tensor, [rows, 1] of float32: the probability of a click.' })
  output!: string;

  @Field(() => [String], { nullable: true, description: 'It scores for customers only who consent to all of them.' })
  purposes?: readonly string[] | null;
}
