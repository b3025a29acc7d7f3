import { z } from 'zod';
import { InvalidInput } from '../../kernel/errors.js';
import { id, instant, parseBody, tooMuch } from '../../tenants/body.schema.js';

const mostNames = 100;

const asked = z.object({
  customerId: id,
  names: z.array(id).superRefine((it, context) => {
    if (it.length > mostNames) context.addIssue({ code: 'custom', message: `At most ${mostNames} features at once`, params: tooMuch });
  }),
  at: instant,
});

export interface FeaturesAt {
  readonly customerId: string;
  readonly names: readonly string[];
  /** Epoch milliseconds. */
  readonly at: number;
}

/** @throws InvalidInput also for a time that is still to come, LimitExceeded */
export function parseFeaturesAt(args: unknown, now: number): FeaturesAt {
  const { customerId, names, at } = parseBody(asked, args);
  if (Date.parse(at) > now) throw new InvalidInput('The time is still to come', { details: { path: '/at' } });
  return { customerId, names, at: Date.parse(at) };
}
