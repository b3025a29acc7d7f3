import { z } from 'zod';
import { id, parseBody, tooMuch } from '../tenants/body.schema.js';

const most = 1000;
const ids = z.array(id).superRefine((list, context) => {
  if (list.length > most) context.addIssue({ code: 'custom', message: `At most ${most} at once`, params: tooMuch });
});
const asked = z.object({ customerIds: ids, names: ids.nullish() });
const named = z.object({ names: ids.nullish() });

/** @throws InvalidInput, LimitExceeded */
export function parseOnlineFeatures(args: unknown): { readonly customerIds: readonly string[]; readonly names: readonly string[] | undefined } {
  const { customerIds, names } = parseBody(asked, args);
  return { customerIds, names: names ?? undefined };
}

/** @throws InvalidInput, LimitExceeded */
export function parseNames(names: unknown): readonly string[] | undefined {
  return parseBody(named, { names }).names ?? undefined;
}
