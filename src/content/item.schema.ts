import { z } from 'zod';
import { isoTimeMs } from '../kernel/iso-time.js';
import { featureValue, id, instant, name, parseBody } from '../tenants/body.schema.js';
import type { Kind } from '../tenants/definition-kind.js';
import { itemNames, type Item } from './item.js';

/** A page of the web, or a path on the shop's own site; nothing that a browser would run. */
const link = z.string().max(2000).regex(/^(?:https?:\/\/|\/)[^\s\p{Cc}\p{Cs}]*$/u, 'A link begins with http://, https:// or /');

export const moneySchema = z.strictObject({
  amount: z.string().regex(/^\d{1,12}(?:\.\d{1,4})?$/, 'An amount is a decimal number of at most 12 digits and 4 decimals'),
  currency: z.string().regex(/^[A-Z]{3}$/, 'A currency is its ISO 4217 code'),
});

export const itemSchema: z.ZodType<Item> = z
  .strictObject({
    id,
    type: name,
    title: name,
    category: name,
    tags: z.array(name).max(50).default([]),
    url: link.optional(),
    imageUrl: link.optional(),
    price: moneySchema.optional(),
    priority: z.number().default(0),
    publishedAt: instant.optional(),
    startsAt: instant.optional(),
    endsAt: instant.optional(),
    attributes: z
      .record(id, featureValue)
      .refine(it => Object.keys(it).length <= 100, 'An item has at most 100 attributes')
      .refine(it => !Object.keys(it).some(key => itemNames.declared.has(key)), 'An attribute cannot have the name of a field')
      .default({}),
  })
  .refine(({ startsAt, endsAt }) => (startsAt && endsAt ? (isoTimeMs(startsAt) ?? 0) < (isoTimeMs(endsAt) ?? 0) : true), {
    path: ['endsAt'],
    message: 'An item ends after it starts',
  });

export function parseItem(body: unknown): Item {
  return parseBody(itemSchema, body);
}

export const items: Kind<Item> = { kind: 'item', parse: parseItem };
