import { z } from 'zod';
import { LimitExceeded } from '../kernel/errors.js';
import { isoTimeMs } from '../kernel/iso-time.js';
import type { Json } from '../kernel/json.js';
import { id, instant } from '../tenants/body.schema.js';
import { eventTypes, type CustomerEvent } from './event.js';

export const mostEvents = 1000;
const mostPropertyText = 20_000;
/** Clocks of others may be this far ahead of ours. */
const aheadMs = 300_000;
/** PostgreSQL's jsonb has no place for it. */
const hasNul = (text: string): boolean => text.includes('\\u0000');

const event = z.strictObject({
  id,
  customerId: id,
  type: z.enum(eventTypes, `one of ${eventTypes.join(', ')}`),
  at: instant.nullish(),
  properties: z
    .record(z.string(), z.json())
    .refine(it => JSON.stringify(it).length <= mostPropertyText, `at most ${mostPropertyText} characters`)
    .refine(it => !hasNul(JSON.stringify(it)), 'text without the character U+0000')
    .nullish(),
});

export type ParsedEvent = { readonly event: CustomerEvent } | { readonly id: string | null; readonly pointer: string; readonly expected: string };

/** Each event on its own: a bad one does not keep the others out. @throws LimitExceeded for more than 1,000 */
export function parseEvents(inputs: readonly unknown[], now: number): readonly ParsedEvent[] {
  if (inputs.length > mostEvents) throw new LimitExceeded(`At most ${mostEvents} events at once.`, { details: { limit: mostEvents } });
  return inputs.map(input => {
    const result = event.safeParse(input);
    if (!result.success) {
      const [issue] = result.error.issues;
      return { id: idOf(input), pointer: `/${(issue?.path ?? []).map(String).join('/')}`, expected: issue?.message ?? 'an event' };
    }
    const { id: eventId, customerId, type, at, properties } = result.data;
    const time = at === null || at === undefined ? now : (isoTimeMs(at) ?? Number.NaN);
    if (time > now + aheadMs) return { id: eventId, pointer: '/at', expected: 'a time that is not in the future' };
    return { event: { id: eventId, customerId, type, at: time, properties: (properties ?? {}) as Record<string, Json> } };
  });
}

function idOf(input: unknown): string | null {
  const parsed = z.object({ id }).safeParse(input);
  return parsed.success ? parsed.data.id : null;
}
