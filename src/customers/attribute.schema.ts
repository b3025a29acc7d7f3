import { z } from 'zod';
import { id, parseBody, prose, purposes } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import type { AttributeDefinition } from './attribute.js';
import { valueTypes } from './online-record.js';

const attributeSchema: z.ZodType<AttributeDefinition> = z.strictObject({
  name: id,
  description: prose.default(''),
  valueType: z.enum(valueTypes),
  personal: z.boolean().default(false),
  purposes: purposes.optional(),
});

export function parseAttribute(body: unknown): AttributeDefinition {
  return parseBody(attributeSchema, body);
}

export const attributes: Kind<AttributeDefinition> = { kind: 'attribute', parse: parseAttribute };
