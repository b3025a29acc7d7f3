import { z } from 'zod';
import { timeOfUuidv7, isUuidv7 } from '../../kernel/ids.js';
import { isoTimeMs } from '../../kernel/iso-time.js';
import { featureValue, id, instant, name, parseBody, tooMuch } from '../../tenants/body.schema.js';
import type { ImportedBatch } from './imported-decision.js';

export const mostDecisions = 1000;
const mostOutcomes = 20;
const mostValues = 100;

const bounded = <T>(schema: z.ZodType<T>, most: number, what: string): z.ZodType<readonly T[]> =>
  z
    .array(z.unknown())
    .superRefine((list, context) => {
      if (list.length > most) context.addIssue({ code: 'custom', message: `At most ${most} ${what} at once`, params: tooMuch });
    })
    .pipe(z.array(schema));

const time = instant.transform(text => isoTimeMs(text) ?? Number.NaN);

const values = z.record(name, featureValue).refine(it => Object.keys(it).length <= mostValues, `At most ${mostValues} values`);

const outcome = z.strictObject({
  id,
  kind: z.string().transform(it => it.toLowerCase()).pipe(z.enum(['impression', 'click', 'conversion'])),
  value: z.number().nullish().transform(it => it ?? null),
  at: time,
});

const decision = z
  .strictObject({
    id: z.string().refine(isUuidv7, 'The id of a decision is a UUIDv7').transform(it => it.toLowerCase()),
    decidedAt: time,
    customerId: id,
    attributes: values.nullish().transform(it => it ?? {}),
    context: values.nullish().transform(it => it ?? {}),
    itemId: id,
    position: z.int().min(1).max(1000),
    propensity: z.number().positive().max(1),
    outcomes: bounded(outcome, mostOutcomes, 'outcomes of a decision'),
  })
  .refine(it => timeOfUuidv7(it.id) === it.decidedAt, { path: ['id'], message: 'The time inside the id is not the time of the decision' });

const batch = z
  .strictObject({
    log: id.refine(it => it !== 'live', 'The log "live" is written by the server alone'),
    placementId: id,
    candidateItemIds: z.array(id).min(1).max(1000).refine(it => new Set(it).size === it.length, 'Each candidate is named once'),
    decisions: bounded(decision, mostDecisions, 'decisions'),
  })
  .superRefine(({ candidateItemIds, decisions }, context) => {
    const candidates = new Set(candidateItemIds);
    const stray = decisions.findIndex(({ itemId }) => !candidates.has(itemId));
    if (stray >= 0) context.addIssue({ code: 'custom', path: ['decisions', stray, 'itemId'], message: 'The item is not among the candidates' });
  });

/** @throws InvalidInput, LimitExceeded, both with the JSON pointer of the first fault */
export function parseImport(input: unknown): ImportedBatch {
  return parseBody(batch, input);
}
