import type { Item } from '../content/item.js';
import { seedOf } from '../kernel/hash.js';
import { categories, type Category } from './catalogue.js';
import type { DemoCustomer, Device } from './customers.js';

export interface Visit {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly deviceType: Device;
}

/** Logits. Nothing that decides or learns may read them: they are what it is measured against. */
export const coefficients = {
  intercept: -4.7,
  taste: 2.9,
  activity: 0.7,
  /** Times the customer's thrift. */
  discount: 1.1,
  /** Times the customer's thrift and the price's decades above 50. */
  dearness: -0.9,
  banner: 0.25,
  article: -0.35,
  articleOnMobile: -0.5,
  /** Of something published today; halves every 14 days. */
  novelty: 0.6,
  /** At 20 o'clock UTC; the opposite at 8. */
  evening: 0.25,
  /** Spread of the appeal that an item has of its own, uniform in [-1, 1] times this. */
  appeal: 0.7,
} as const;

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** True probability, in (0, 1), that the customer clicks the item when it is shown to them then: a logistic of known coefficients. */
export function clickProbability({ traits }: DemoCustomer, item: Item, { at, deviceType }: Visit): number {
  const c = coefficients;
  const hour = (at / hourMs) % 24;
  const discounted = item.tags.includes('discount');
  const logit =
    c.intercept +
    c.taste * traits.taste[categoryOf(item)] +
    c.activity * traits.activity +
    (discounted ? c.discount * traits.thrift : 0) +
    (item.price ? c.dearness * traits.thrift * Math.max(0, Math.log10(Number(item.price.amount) / 50)) : 0) +
    (item.type === 'banner' ? c.banner : 0) +
    (item.type === 'article' ? c.article + (deviceType === 'mobile' ? c.articleOnMobile : 0) : 0) +
    c.novelty * 2 ** (-ageDays(item, at) / 14) +
    c.evening * Math.cos((2 * Math.PI * (hour - 20)) / 24) +
    c.appeal * appealOf(item.id);
  return 1 / (1 + Math.exp(-logit));
}

/** Of several items the one that the customer is likeliest to click. */
export function bestItem(customer: DemoCustomer, items: readonly Item[], visit: Visit): Item | undefined {
  let best: Item | undefined;
  let most = -1;
  for (const item of items) {
    const probability = clickProbability(customer, item, visit);
    if (probability > most) [best, most] = [item, probability];
  }
  return best;
}

/** Items of other shops have no taste to meet. */
function categoryOf({ category }: Item): Category {
  const known = categories.find(it => it === category);
  if (known === undefined) throw new RangeError('The demo world knows its own items alone');
  return known;
}

function ageDays({ publishedAt }: Item, at: number): number {
  return publishedAt === undefined ? Number.POSITIVE_INFINITY : Math.max(0, (at - Date.parse(publishedAt)) / dayMs);
}

/** In [-1, 1], fixed by the id. */
const appealOf = (id: string): number => seedOf(id) / 2 ** 31 - 1;
