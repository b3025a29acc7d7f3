import { z } from 'zod';
import { parseItem } from '../content/item.schema.js';
import type { FeatureValue } from '../customers/online-record.js';
import { InvalidInput, LimitExceeded } from '../kernel/errors.js';
import { isShallow, mostLevels } from '../kernel/json.js';
import { bodyOf, featureValue, id, name, parseBody } from '../tenants/body.schema.js';
import type { Ask } from './personalizer.js';

export const mostItems = 500;
export const mostCustomers = 1000;
const mostSlots = 20;
const mostContext = 50;

const text = z.string().max(2000).nullish();

const context = z
  .strictObject({ pageUrl: text, referrer: text, deviceType: text, location: text, more: z.record(name, featureValue).nullish() })
  .transform(({ more, ...named }): Readonly<Record<string, FeatureValue>> => {
    const given = Object.entries(named).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
    return { ...more, ...Object.fromEntries(given) };
  })
  .refine(all => Object.keys(all).length <= mostContext, `A context has at most ${mostContext} values`);

const ask = z.strictObject({
  customerId: id,
  placementId: id.nullish(),
  items: z.array(z.unknown()).nullish(),
  context: context.nullish(),
  limit: z.int().min(1).max(mostSlots).nullish(),
});

/** Checks what a caller asks a decision for. @throws InvalidInput, LimitExceeded, both with the JSON pointer of the fault */
export function parseAsk(input: unknown): Ask {
  const { customerId, placementId, items, context: given, limit } = parseBody(ask, input);
  return {
    customerId,
    placementId: placementId ?? undefined,
    items: items ? parseItems(items, '/items') : undefined,
    context: given ?? undefined,
    limit: limit ?? undefined,
  };
}

const restAsk = z.strictObject({
  customerId: id,
  placement: id.nullish(),
  availableItems: z.array(z.unknown()).nullish(),
  context: context.nullish(),
});

/** The same from the body of the REST twin. */
export function parsePersonalizeBody(body: unknown): Ask {
  if (!isShallow(body)) throw new LimitExceeded('The body is nested too deep.', { details: { limit: mostLevels } });
  const { customerId, placement, availableItems, context: given } = parseBody(restAsk, body);
  return {
    customerId,
    placementId: placement ?? undefined,
    items: availableItems ? parseItems(availableItems, '/availableItems') : undefined,
    context: given ?? undefined,
  };
}

/** The same for many customers, in one placement and context. */
export function parseAsks(customerIds: readonly string[], rest: object): readonly Ask[] {
  if (customerIds.length > mostCustomers) throw new LimitExceeded(`At most ${mostCustomers} customers at once.`, { details: { path: '/customerIds', limit: mostCustomers } });
  return customerIds.map(customerId => parseAsk({ ...rest, customerId }));
}

/** Milliseconds that a caller gives a decision. */
export function parseDeadline(deadlineMs: number | null | undefined): number | undefined {
  if (deadlineMs === null || deadlineMs === undefined) return undefined;
  return parseBody(z.int().min(1).max(10_000), deadlineMs);
}

function parseItems(items: readonly unknown[], path: string): Ask['items'] {
  const details = { path };
  if (items.length === 0) throw new InvalidInput('The list of items is empty: leave it out to have the placement choose.', { details });
  if (items.length > mostItems) throw new LimitExceeded(`At most ${mostItems} items at once.`, { details: { ...details, limit: mostItems } });
  const parsed = items.map(item => parseItem(bodyOf(item as object)));
  if (new Set(parsed.map(item => item.id)).size < parsed.length) throw new InvalidInput('Two items have the same id.', { details });
  return parsed;
}
