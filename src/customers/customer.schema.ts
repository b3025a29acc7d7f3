import { z } from 'zod';
import { featureValue, id, parseBody } from '../tenants/body.schema.js';
import type { FeatureValue } from './online-record.js';

const mostAttributes = 200;

const upsert = z.strictObject({
  id,
  attributes: z
    .record(id, featureValue.nullable())
    .refine(it => Object.keys(it).length <= mostAttributes, `A customer has at most ${mostAttributes} attributes`),
});

/** @throws InvalidInput */
export function parseUpsertCustomer(input: unknown): { readonly id: string; readonly attributes: Readonly<Record<string, FeatureValue | null>> } {
  return parseBody(upsert, input);
}
