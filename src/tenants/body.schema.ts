import { z } from 'zod';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';

/** The parts that the bodies of definitions are made of. All texts and lists are bounded. */
export const id = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,128}$/u, 'An id has 1 to 128 characters, and no control characters');
/** PostgreSQL keeps neither the zero character nor halves of surrogate pairs. */
const text = z.string().regex(/^[^\0\p{Cs}]*$/u, 'A text has no zero characters, and is well-formed Unicode');
export const name = text.min(1).max(200);
export const prose = text.max(2000);
export const share = z.number().min(0).max(1);
export const notATime = 'A time is written in ISO-8601, with its zone';
/** Comes in with any zone, and is kept in UTC: the same time is always the same text. */
export const instant = z
  .string()
  .max(40)
  .refine(it => isoTimeMs(it) !== undefined, notATime)
  .transform(it => new Date(isoTimeMs(it) ?? 0).toISOString());
export const featureValue = z.union([text.max(1000), z.number(), z.boolean(), z.array(text.max(1000)).max(1000)]);

/** What may be done with the data of a customer who consents to it. Kept sorted: the same purposes are always the same text. */
export const purposes = z.array(id).max(20).transform((it): readonly string[] => [...new Set(it)].sort());

/** Marks an issue that is about size, for `parseBody`. */
export const tooMuch = { tooMuch: true } as const;

/**
 * @throws InvalidInput, or LimitExceeded where an issue is marked by `tooMuch`, with the JSON pointer of the first fault as `path`.
 * What was sent is never part of the message.
 * @param at JSON pointer of the body within what the caller sent
 */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, at = ''): T {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const details = { path: at + pointer(issue?.path ?? []) };
  const message = issue === undefined || issue.code === 'unrecognized_keys' ? 'A field is not known here' : issue.message;
  const isLimit = issue?.code === 'custom' && issue.params?.['tooMuch'] === true;
  throw isLimit ? new LimitExceeded(message, { details }) : new InvalidInput(message, { details });
}

/** What a caller sent as the JSON that is kept: times become texts; a field that is null is as good as absent. */
export function bodyOf(input: object): Json {
  return JSON.parse(JSON.stringify(input, (_key, value: unknown) => value ?? undefined)) as Json;
}

/** JSON pointer (RFC 6901). */
function pointer(path: readonly PropertyKey[]): string {
  return path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}
