import type { Names } from '../conditions/check.js';
import type { FeatureValue } from '../customers/online-record.js';

/** Something that can be shown: a product, an offer, an article, a banner. */
export interface Item {
  readonly id: string;
  readonly type: string;
  readonly title: string;
  readonly category: string;
  readonly tags: readonly string[];
  readonly url?: string | undefined;
  readonly imageUrl?: string | undefined;
  readonly price?: { readonly amount: string; readonly currency: string } | undefined;
  /** The editors' order where nothing better is known: higher first, 0 by default. */
  readonly priority: number;
  /** ISO-8601 times. Without them an item is always on, and has no age. */
  readonly publishedAt?: string | undefined;
  readonly startsAt?: string | undefined;
  readonly endsAt?: string | undefined;
  readonly attributes: Readonly<Record<string, FeatureValue>>;
}

/** What conditions may read of an item: its own fields, which have a type, and whatever attributes it may have. */
export const itemNames: Names = {
  declared: new Map([
    ['id', 'string'], ['type', 'string'], ['title', 'string'], ['category', 'string'], ['tags', 'strings'],
    ['priority', 'number'], ['price', 'number'], ['publishedAt', 'string'],
  ]),
  open: true,
};

/** The names by which conditions and models read an item: its own fields first, then its attributes. */
export function factsOfItem(item: Item): Readonly<Record<string, FeatureValue>> {
  return {
    ...item.attributes,
    id: item.id,
    type: item.type,
    title: item.title,
    category: item.category,
    tags: item.tags,
    priority: item.priority,
    ...(item.price && { price: Number(item.price.amount) }),
    ...(item.publishedAt !== undefined && { publishedAt: item.publishedAt }),
  };
}
