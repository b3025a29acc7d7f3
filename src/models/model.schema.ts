import { z } from 'zod';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { id, name, parseBody, prose, purposes } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { InputContract, ModelInput } from './input-contract.js';
import type { ModelDefinition } from './model.js';

const transformSchema: z.ZodType<ModelInput['transform']> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('number'), scale: z.number().default(1), offset: z.number().default(0) }),
  z.strictObject({ kind: z.literal('oneHot'), values: z.array(name).min(1).max(1000) }),
  z.strictObject({ kind: z.literal('count'), scale: z.number().default(1) }),
  z.strictObject({ kind: z.literal('cyclic'), period: z.number().positive() }),
  z.strictObject({ kind: z.literal('ageDays'), scale: z.number().default(1) }),
]);

export const inputContractSchema: z.ZodType<InputContract> = z
  .array(z.strictObject({ source: z.enum(['attribute', 'feature', 'context', 'item']), name: id, transform: transformSchema, missing: z.number() }))
  .min(1)
  .max(500);

const description = z.strictObject({
  id,
  name,
  description: prose.default(''),
  runtime: z.literal('onnx').default('onnx'),
  inputs: inputContractSchema,
  output: id,
  purposes: purposes.optional(),
});

export const modelSchema: z.ZodType<ModelDefinition> = description.extend({ artifact: z.string().regex(/^[0-9a-f]{64}$/) });

export function parseModel(body: unknown): ModelDefinition {
  return parseBody(modelSchema, body);
}

/** What there is to say of a model beside its artifact. */
export function parseModelDescription(body: unknown): Omit<ModelDefinition, 'artifact'> {
  return parseBody(description, body);
}

const maxArtifactBytes = 4 * 1024 * 1024;

/** The bytes of an artifact that was sent as base64. */
export function parseArtifact(base64: string): Uint8Array {
  const details = { path: '/artifact' };
  if (base64.length > Math.ceil(maxArtifactBytes / 3) * 4) {
    throw new LimitExceeded('The artifact is too large', { details: { ...details, limit: maxArtifactBytes } });
  }
  if (base64.length === 0 || base64.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(base64)) {
    throw new InvalidInput('An artifact is sent as base64', { details });
  }
  return Buffer.from(base64, 'base64');
}

export const models: Kind<ModelDefinition> = { kind: 'model', parse: parseModel };
