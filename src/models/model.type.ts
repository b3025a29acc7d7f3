import { Field, Float, ID, ObjectType, registerEnumType } from 'type-graphql';
import { ChangePayload } from '../tenants/change-payload.type.js';
import type { ModelInput } from './input-contract.js';
import type { ModelDefinition } from './model.js';

export const inputSources: { readonly [K in ModelInput['source']]: K } = { attribute: 'attribute', feature: 'feature', context: 'context', item: 'item' };
registerEnumType(inputSources, { name: 'InputSource' });

export const transformKinds: { readonly [K in ModelInput['transform']['kind']]: K } = {
  number: 'number', oneHot: 'oneHot', count: 'count', cyclic: 'cyclic', ageDays: 'ageDays',
};
registerEnumType(transformKinds, {
  name: 'TransformKind',
  description: 'How a value is made columns of numbers.',
  valuesConfig: {
    number: { description: 'value * scale + offset; a boolean counts 0 or 1.' },
    oneHot: { description: 'One column for each of `values`.' },
    count: { description: 'Length of a list * scale.' },
    cyclic: { description: 'Sine and cosine of 2π · value / period.' },
    ageDays: { description: 'Days since the time held * scale.' },
  },
});

const runtimes: { readonly [K in ModelDefinition['runtime']]: K } = { onnx: 'onnx' };
registerEnumType(runtimes, { name: 'ModelRuntime' });

@ObjectType('Transform', { simpleResolvers: true })
export class TransformType {
  @Field(() => transformKinds)
  kind!: ModelInput['transform']['kind'];

  @Field(() => Float, { nullable: true })
  scale?: number;

  @Field(() => Float, { nullable: true })
  offset?: number;

  @Field(() => [String], { nullable: true })
  values?: readonly string[];

  @Field(() => Float, { nullable: true })
  period?: number;
}

@ObjectType('ModelInput', { simpleResolvers: true })
export class ModelInputType {
  @Field(() => inputSources)
  source!: ModelInput['source'];

  @Field(() => String, { description: "`{category}` in it stands for the candidate's category." })
  name!: string;

  @Field(() => TransformType)
  transform!: TransformType;

  @Field(() => Float, { description: 'Each column where the value is missing.' })
  missing!: number;
}

@ObjectType('Model', { simpleResolvers: true, description: 'What it is given, what it answers, and the artifact that computes it.' })
export class ModelType {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String)
  description!: string;

  @Field(() => runtimes)
  runtime!: ModelDefinition['runtime'];

  @Field(() => String, { description: 'SHA-256 of the artifact, in hex.' })
  artifact!: string;

  @Field(() => [ModelInputType], { description: 'In the order of the columns.' })
  inputs!: readonly ModelInput[];

  @Field(() => String, { description: 'Name of the output tensor.' })
  output!: string;

  @Field(() => [String], { nullable: true, description: 'It scores for customers only who consent to all of them; null: for all.' })
  purposes?: readonly string[] | undefined;
}

@ObjectType({ simpleResolvers: true })
export class RegisterModelPayload extends ChangePayload {
  @Field(() => ModelType)
  model!: ModelDefinition;
}
