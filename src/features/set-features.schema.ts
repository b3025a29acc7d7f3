import { z } from 'zod';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { featureValue, id, instant, parseBody } from '../tenants/body.schema.js';
import { isOfType } from '../customers/online-record.js';
import { historyLimitOf, kindOf, versionOf, type FeatureDefinition } from './feature.js';
import type { FeatureWrite } from './feature-values.js';

const mostCustomers = 1000;
const mostValues = 10_000;
/** Clocks of others may be this far ahead of ours; what they call the future is now. */
const aheadMs = 60_000;

const sets = z.strictObject({
  customers: z
    .array(
      z.strictObject({
        customerId: id,
        values: z.array(z.strictObject({ name: id, value: featureValue, at: instant.nullish() })).min(1),
      }),
    )
    .min(1),
});

/**
 * Checks values against the definitions; all of them are good, or nothing is written.
 * @throws InvalidInput with the JSON pointer of the first fault, LimitExceeded
 */
export function parseSetFeatures(input: unknown, definitions: ReadonlyMap<string, FeatureDefinition>, now: number): readonly FeatureWrite[] {
  const { customers } = parseBody(sets, input);
  const count = customers.reduce((sum, { values }) => sum + values.length, 0);
  if (customers.length > mostCustomers || count > mostValues) {
    throw new LimitExceeded(`At most ${mostCustomers} customers and ${mostValues} values at once.`, { details: { path: '/customers', limit: mostValues } });
  }
  return customers.flatMap(({ customerId, values }, i) =>
    values.map(({ name, value, at }, k): FeatureWrite => {
      const path = `/customers/${i}/values/${k}`;
      const definition = definitions.get(name);
      if (definition === undefined) throw refusal('There is no such feature', `${path}/name`);
      if (kindOf(definition) !== 'customer') throw refusal('Only features of the kind customer are set from outside', `${path}/name`);
      if (!isOfType(value, definition.valueType)) throw refusal(`The value has to be of the type ${definition.valueType}`, `${path}/value`);
      const time = at === null || at === undefined ? now : (isoTimeMs(at) ?? Number.NaN);
      if (time > now + aheadMs) throw refusal('The time lies in the future', `${path}/at`);
      return { customerId, name, value, at: Math.min(time, now), version: versionOf(definition), historyLimit: historyLimitOf(definition) };
    }),
  );
}

const refusal = (message: string, path: string): InvalidInput => new InvalidInput(message, { details: { path } });
