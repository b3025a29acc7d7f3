import { personalAmong, type AttributeDefinition } from '../customers/attribute.js';
import type { ValueType } from '../customers/online-record.js';
import type { FeatureDefinition } from '../features/feature.js';
import { InvalidInput } from '../kernel/errors.js';
import { categoryMark, widthOf, type ModelInput } from './input-contract.js';
import type { ModelDefinition } from './model.js';

/** What an artifact turned out to be when it was loaded. */
export interface InspectedModel {
  /** Columns of a row. */
  readonly inputWidth: number;
  /** Names of the outputs that are one number a row. */
  readonly outputs: readonly string[];
}

/** @throws InvalidInput for bytes that are no model, or one that takes anything but rows of numbers */
export type InspectModel = (bytes: Uint8Array) => Promise<InspectedModel>;

const takes: Readonly<Record<ModelInput['transform']['kind'], readonly ValueType[]>> = {
  number: ['number', 'boolean'],
  oneHot: ['string', 'strings'],
  count: ['strings'],
  cyclic: ['number'],
  ageDays: ['string'],
};

/** @throws InvalidInput with the `path` of the first part of the contract that fits neither the artifact nor the defined features */
export function checkModel(
  { inputs, output }: Pick<ModelDefinition, 'inputs' | 'output'>,
  inspected: InspectedModel,
  { features, attributes }: { readonly features: readonly FeatureDefinition[]; readonly attributes: readonly AttributeDefinition[] },
): void {
  const personal = personalAmong(attributes);
  const types = new Map(features.map(it => [it.name, it.valueType]));
  inputs.forEach(({ source, name, transform }, i) => {
    if (source === 'attribute' && personal.has(name)) throw misfit('Personal values are not given to models', `/inputs/${i}/name`);
    // A name with a hole stands for many features, of categories that need not exist yet.
    if (source !== 'feature' || name.includes(categoryMark)) return;
    const type = types.get(name);
    if (type === undefined) throw misfit('There is no such feature', `/inputs/${i}/name`);
    if (!takes[transform.kind].includes(type)) throw misfit('The transform does not take values of this type', `/inputs/${i}/transform`);
  });
  const width = widthOf(inputs);
  if (width !== inspected.inputWidth) {
    throw new InvalidInput('The inputs make rows of another width than the model takes', {
      details: { path: '/inputs', width, modelWidth: inspected.inputWidth },
    });
  }
  if (!inspected.outputs.includes(output)) throw misfit('The model has no such output of one float32 a row', '/output');
}

function misfit(message: string, path: string): InvalidInput {
  return new InvalidInput(message, { details: { path } });
}
