import { z } from 'zod';
import { featureValue, id, parseBody } from '../tenants/body.schema.js';
import { mostAttributes, type CustomerUpsert } from './customer.js';

const upsert: z.ZodType<CustomerUpsert> = z.strictObject({
  id,
  attributes: z
    .record(id, featureValue.nullable())
    .refine(it => Object.keys(it).length <= mostAttributes, `At most ${mostAttributes} attributes`),
});

/** @throws InvalidInput */
export function parseUpsertCustomer(input: unknown): CustomerUpsert {
  return parseBody(upsert, input);
}
