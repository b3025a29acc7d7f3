import { z } from 'zod';
import { isUuidv7 } from '../kernel/ids.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import { id, instant, parseBody, tooMuch } from '../tenants/body.schema.js';
import { outcomeKinds, type Outcome } from './outcome.js';

const mostOutcomes = 1000;
const mostValue = 1e12;

const list = z.array(z.unknown()).superRefine((outcomes, context) => {
  if (outcomes.length > mostOutcomes) context.addIssue({ code: 'custom', message: `At most ${mostOutcomes} outcomes at once`, params: tooMuch });
});

const amount = z.union([z.number(), z.string().regex(/^\d{1,13}(\.\d{1,9})?$/).transform(Number)]).pipe(z.number().min(0).max(mostValue));

const outcome = z
  .strictObject({
    id,
    decisionId: z.string().refine(isUuidv7).transform(it => it.toLowerCase()),
    kind: z.string().transform(it => it.toLowerCase()).pipe(z.enum(outcomeKinds)),
    value: amount.nullish().transform(it => it ?? null),
    at: instant.nullish().transform(it => (it == null ? undefined : isoTimeMs(it))),
  })
  .refine(({ kind, value }) => kind === 'conversion' || value === null);

/**
 * In the order in which they came; undefined in the place of each that is not as an outcome has to be.
 * @param now time of those that name none, in epoch milliseconds
 * @throws InvalidInput where there is no list, LimitExceeded where it is too long
 */
export function parseOutcomes(input: unknown, now: number): readonly (Outcome | undefined)[] {
  return parseBody(list, input).map(it => {
    const { data } = outcome.safeParse(it);
    return data && { ...data, at: data.at ?? now };
  });
}

const body = z.strictObject({ outcomes: z.unknown() });

/** The body of the REST twin: `outcomes` is the list. @throws InvalidInput */
export function parseOutcomesBody(input: unknown): unknown {
  return parseBody(body, input).outcomes;
}
