import { z } from 'zod';
import { InvalidInput } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { featureValue, id, instant, parseBody } from '../tenants/body.schema.js';
import { checkAttributes, type AttributeDeclarations } from './attribute.js';
import { mostAttributes, type CustomerUpsert } from './customer.js';

/** Clocks of others may be this far ahead of ours; what they call the future is now. */
const aheadMs = 60_000;

const upsert = z.strictObject({
  id,
  at: instant.nullish(),
  attributes: z
    .record(id, featureValue.nullable())
    .refine(it => Object.keys(it).length <= mostAttributes, `At most ${mostAttributes} attributes`),
});

const whose = z.strictObject({ customerId: id });

/** @throws InvalidInput */
export function parseCustomerId(body: unknown): string {
  return parseBody(whose, body).customerId;
}

/** @throws InvalidInput */
export function parseUpsertCustomer(input: unknown, declared: AttributeDeclarations, now: number): CustomerUpsert {
  const { id: customerId, at, attributes } = parseBody(upsert, input);
  checkAttributes(attributes, declared);
  if (at === null || at === undefined) return { id: customerId, attributes };
  const time = isoTimeMs(at) ?? Number.NaN;
  if (time > now + aheadMs) throw new InvalidInput('The time lies in the future', { details: { path: '/at' } });
  return { id: customerId, attributes, at: Math.min(time, now) };
}
