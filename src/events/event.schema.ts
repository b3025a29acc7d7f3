import { z } from 'zod';
import { LimitExceeded } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';
import { id, notATime } from '../tenants/body.schema.js';
import type { EventFault, ParsedEvent } from './event.js';
import { kindOf } from './event-type.js';
import { eventTypeName } from './event-type.schema.js';

export const mostEvents = 1000;
const mostPropertyText = 20_000;
export const mostLevels = 16;
/** Clocks of others may be this far ahead of ours. */
const aheadMs = 600_000;
const dayMs = 86_400_000;

const properties = z
  .custom<Readonly<Record<string, Json>>>(it => typeof it === 'object' && it !== null && !Array.isArray(it), { message: 'an object', abort: true })
  .refine(it => levelsOf(it) <= mostLevels, { message: `at most ${mostLevels} levels`, abort: true })
  .refine(hasOrdinaryNames, { message: 'names other than __proto__', abort: true })
  .refine(isKept, { message: 'JSON with texts in well-formed Unicode, without U+0000', abort: true })
  .refine(it => JSON.stringify(it).length <= mostPropertyText, `at most ${mostPropertyText} characters as JSON`);

/** Epoch milliseconds. */
const time = z
  .string()
  .max(40)
  .transform((text, context) => {
    const ms = isoTimeMs(text);
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: notATime });
    return z.NEVER;
  });

const event = z.strictObject(
  {
    id,
    customerId: id,
    type: eventTypeName,
    at: time.nullish(),
    properties: properties.nullish(),
  },
  { error: issue => (issue.code === 'unrecognized_keys' ? 'no other fields than id, customerId, type, at and properties' : 'an event') },
);

/**
 * Each event on its own: a bad one does not keep the others out. Knows nothing of the tenant's event types.
 * @param keptDays events that are older are not kept
 * @throws LimitExceeded for more than 1,000
 */
export function parseEvents(inputs: readonly unknown[], now: number, keptDays: number): readonly ParsedEvent[] {
  if (inputs.length > mostEvents) throw new LimitExceeded(`At most ${mostEvents} events at once.`, { details: { limit: mostEvents } });
  return inputs.map((input): ParsedEvent => {
    const result = event.safeParse(input);
    if (!result.success) return faultOf(input, result.error.issues[0]);
    const { at, ...rest } = result.data;
    const time = at ?? now;
    if (time > now + aheadMs) return { id: rest.id, pointer: '/at', expected: 'a time that is at most 10 minutes ahead', got: 'text' };
    if (time < now - keptDays * dayMs) return { id: rest.id, pointer: '/at', expected: `a time within the last ${keptDays} days`, got: 'text' };
    return { event: { ...rest, at: time, properties: rest.properties ?? {} } };
  });
}

function faultOf(input: unknown, issue: z.core.$ZodIssue | undefined): EventFault {
  const path = issue?.path ?? [];
  const withId = z.object({ id }).safeParse(input);
  return {
    id: withId.success ? withId.data.id : null,
    pointer: path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
    expected: issue?.message ?? 'an event',
    got: kindOf(valueAt(input, path)),
  };
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => (typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[part] : undefined), input);
}

/** Levels of a value, or one more than `most`: a body may be nested deeper than a recursion could go. */
export function levelsOf(value: unknown, most = mostLevels): number {
  if (typeof value !== 'object' || value === null || most === 0) return 1;
  let below = 0;
  const inner = value as Readonly<Record<string, unknown>>;
  for (const key in inner) if (typeof inner[key] === 'object') below = Math.max(below, levelsOf(inner[key], most - 1));
  return 1 + below;
}

/** Objects that are copied lose a property of this name without a word. */
function hasOrdinaryNames(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return !Object.hasOwn(value, '__proto__') && Object.values(value).every(hasOrdinaryNames);
}

/** Whether it is JSON, and PostgreSQL keeps all texts in it as they are. */
function isKept(value: unknown): boolean {
  if (typeof value === 'string') return value.isWellFormed() && !value.includes('\0');
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return typeof value === 'boolean';
  if (value === null) return true;
  if (Array.isArray(value)) return value.every(isKept);
  return Object.entries(value).every(([key, it]) => isKept(key) && isKept(it));
}
