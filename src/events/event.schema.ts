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
/** Of a number as JSON, with what stands around it. */
const mostScalarText = 26;
/** `\\u001f` */
const mostEscapedLength = 6;
const notKept = 'JSON with texts in well-formed Unicode, without U+0000';
export const mostLevels = 16;
/** Clocks of others may be this far ahead of ours. */
const aheadMs = 600_000;
const dayMs = 86_400_000;

const properties = z.custom<Readonly<Record<string, Json>>>().superRefine((it, context) => {
  const message = faultOfProperties(it);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
});

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

function faultOfProperties(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'an object';
  const inspection = new Inspection();
  inspection.visit(value, 1);
  if (inspection.fault !== undefined) return inspection.fault;
  return inspection.mostText > mostPropertyText && JSON.stringify(value).length > mostPropertyText ? `at most ${mostPropertyText} characters as JSON` : undefined;
}

/** One walk through an event's properties: each event is looked at. */
class Inspection {
  fault: string | undefined;
  /** The value has no more characters than this as JSON. */
  mostText = 0;

  visit(value: unknown, level: number): void {
    if (typeof value === 'string') this.#visitText(value);
    else if (typeof value === 'object' && value !== null) this.#visitAll(value, level);
    else if (typeof value === 'number' ? !Number.isFinite(value) : typeof value !== 'boolean' && value !== null) this.fault = notKept;
    else this.mostText += mostScalarText;
  }

  #visitAll(value: object, level: number): void {
    if (level > mostLevels) {
      this.fault = `at most ${mostLevels} levels`;
      return;
    }
    this.mostText += 2;
    if (Array.isArray(value)) {
      for (const it of value) this.visit(it, level + 1);
      return;
    }
    const inner = value as Readonly<Record<string, unknown>>;
    for (const key in inner) {
      // Objects that are copied lose a property of this name without a word.
      if (key === '__proto__') this.fault = 'names other than __proto__';
      this.#visitText(key);
      this.visit(inner[key], level + 1);
    }
  }

  /** PostgreSQL keeps neither halves of surrogate pairs nor the zero character. */
  #visitText(text: string): void {
    if (!text.isWellFormed() || text.includes('\0')) this.fault = notKept;
    this.mostText += text.length * mostEscapedLength + 4;
  }
}
