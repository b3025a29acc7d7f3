import { z } from 'zod';
import { InvalidInput } from '../kernel/errors.js';
import { id, parseBody, tooMuch } from '../tenants/body.schema.js';
import type { MembersPage } from './memberships.js';

export const mostAtOnce = 1000;

const change = z.strictObject({
  segmentId: id,
  customerIds: z
    .array(id)
    .min(1)
    .superRefine((ids, context) => {
      if (ids.length > mostAtOnce) context.addIssue({ code: 'custom', message: `At most ${mostAtOnce} customers at once`, params: tooMuch });
    }),
});

/** @throws InvalidInput, LimitExceeded */
export function parseMembersChange(input: unknown): { readonly segmentId: string; readonly customerIds: readonly string[] } {
  return parseBody(change, input);
}

/** The customer that a page goes on after. @throws InvalidInput for a cursor of another list */
export function parsePosition(position: readonly unknown[] | undefined): MembersPage['after'] {
  if (position === undefined) return undefined;
  const parsed = z.tuple([id]).safeParse(position);
  if (!parsed.success) throw new InvalidInput('The cursor is none that was given out here.');
  return parsed.data[0];
}
