import { z } from 'zod';
import { InvalidInput } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { id, instant, name, parseBody } from '../tenants/body.schema.js';
import type { ConsentInput } from './consent.js';

/** Clocks of others may be this far ahead of ours; what they call the future is now. */
const aheadMs = 60_000;

const input = z.strictObject({
  customerId: id,
  source: name,
  purposes: z
    .array(z.strictObject({ purpose: id, granted: z.boolean(), until: instant.nullish(), at: instant.nullish() }))
    .min(1)
    .max(100),
});

/** @throws InvalidInput with the JSON pointer of the first fault */
export function parseConsent(body: unknown, saidBy: string, now: number): ConsentInput {
  const { customerId, source, purposes } = parseBody(input, body);
  const statements = purposes.map(({ purpose, granted, until, at }, i) => {
    const time = timeOf(at) ?? now;
    if (time > now + aheadMs) throw new InvalidInput('The time lies in the future', { details: { path: `/purposes/${i}/at` } });
    const end = timeOf(until);
    if (end !== undefined && !granted) throw new InvalidInput('Only what is granted has an end', { details: { path: `/purposes/${i}/until` } });
    if (end !== undefined && end <= time) throw new InvalidInput('It ends before it begins', { details: { path: `/purposes/${i}/until` } });
    return { purpose, granted, ...(end !== undefined && { until: end }), at: Math.min(time, now), source, saidBy };
  });
  return { customerId, statements };
}

const timeOf = (text: string | null | undefined): number | undefined => (text === null || text === undefined ? undefined : isoTimeMs(text));
