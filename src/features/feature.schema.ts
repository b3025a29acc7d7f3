import { z } from 'zod';
import { featureValue, id, name, parseBody, prose } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import { isOfType, valueTypes } from '../customers/online-record.js';
import type { FeatureDefinition } from './feature.js';

const year = 366 * 86_400_000;
const span = z.int().min(1000).max(10 * year);

const aggregateSchema = z
  .strictObject({
    function: z.enum(['count', 'sum', 'last', 'recencyDays']),
    event: id,
    property: id.optional(),
    windowMs: z.int().min(1000).max(2 * year),
  })
  .refine(({ function: it, property }) => (it === 'sum' || it === 'last') === (property !== undefined), {
    path: ['property'],
    message: 'An event property is named for sum and last, and for these only',
  });

export const featureSchema: z.ZodType<FeatureDefinition> = z
  .strictObject({
    name: id,
    description: prose.default(''),
    valueType: z.enum(valueTypes),
    ttlMs: span,
    defaultValue: featureValue.optional(),
    owner: name.optional(),
    aggregate: aggregateSchema.optional(),
  })
  .refine(({ valueType, defaultValue }) => defaultValue === undefined || isOfType(defaultValue, valueType), {
    path: ['defaultValue'],
    message: 'The default value is of the value type',
  })
  .refine(({ valueType, aggregate }) => aggregate === undefined || aggregate.function === 'last' || valueType === 'number', {
    path: ['valueType'],
    message: 'Counts, sums and recencies are numbers',
  });

export function parseFeature(body: unknown): FeatureDefinition {
  return parseBody(featureSchema, body);
}

export const features: Kind<FeatureDefinition> = { kind: 'feature', parse: parseFeature };
