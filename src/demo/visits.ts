import type { Item } from '../content/item.js';
import type { Random } from '../kernel/random.js';
import { categories, type Category } from './catalogue.js';
import { windowDays } from './configuration.js';
import { devices, pick, type DemoCustomer, type Device } from './customers.js';

export interface DemoEvent {
  readonly id: string;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly customerId: string;
  readonly type: 'page_view' | 'add_to_cart' | 'purchase' | 'email_open' | 'form_submit' | 'login';
  readonly properties: Readonly<Record<string, string | number | boolean>>;
}

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const minuteMs = 60_000;

/** Chances within one visit, and the most visits and mails of a month. */
const habits = { visits: 36, mails: 12, login: 0.5, cart: 0.35, purchase: 0.5, form: 0.06, itemPage: 0.8 } as const;

/** What a customer did within the month before `now`, oldest first. Ids follow from the customer and the order. */
export function visitsOf(customer: DemoCustomer, items: readonly Item[], now: number, random: Random): readonly DemoEvent[] {
  const from = Math.max(now - windowDays * dayMs, customer.signedUpAt);
  const share = (now - from) / (windowDays * dayMs);
  const events: Omit<DemoEvent, 'id'>[] = [];
  const visits = Math.round((0.4 + random()) * habits.visits * customer.traits.activity * share);
  for (let i = 0; i < visits; i++) events.push(...visit(customer, items, timeOfDay(from, now, random), random));
  if (customer.attributes['newsletter'] === true) {
    const mails = Math.floor(random() * habits.mails * (0.3 + customer.traits.activity) * share);
    for (let i = 0; i < mails; i++) {
      events.push({ at: timeOfDay(from, now, random), customerId: customer.id, type: 'email_open', properties: { campaign: 'weekly' } });
    }
  }
  return events
    .filter(({ at }) => at >= from && at < now)
    .sort((a, b) => a.at - b.at)
    .map((event, i) => ({ id: `${customer.id}-${String(i + 1)}`, ...event }));
}

function visit(customer: DemoCustomer, items: readonly Item[], start: number, random: Random): Omit<DemoEvent, 'id'>[] {
  const device = deviceOf(customer, random);
  const events: Omit<DemoEvent, 'id'>[] = [];
  const sessionId = `${customer.id}-${start}`;
  let at = start;
  const add = (type: DemoEvent['type'], properties: DemoEvent['properties']): void => {
    events.push({ at, customerId: customer.id, type, properties: { ...properties, device, sessionId } });
    at += Math.floor((0.2 + 3 * random()) * minuteMs);
  };
  if (random() < habits.login) add('login', {});
  let seen: Item | undefined;
  for (let pages = 1 + Math.floor(random() * 5); pages > 0; pages--) {
    const category = categoryFor(customer, random);
    const shown = items.filter(it => it.category === category && publishedBefore(it, at));
    seen = random() < habits.itemPage && shown.length > 0 ? pickFor(customer, shown, random) : undefined;
    add('page_view', seen ? itemFacts(seen) : { url: `/${category}`, category, discounted: false });
  }
  if (seen?.price && random() < habits.cart) {
    add('add_to_cart', itemFacts(seen));
    if (random() < habits.purchase) add('purchase', { ...itemFacts(seen), value: Number(seen.price.amount), currency: seen.price.currency });
  }
  if (random() < habits.form) add('form_submit', { form: random() < 0.5 ? 'newsletter' : 'question' });
  return events;
}

const publishedBefore = ({ publishedAt }: Item, at: number): boolean => publishedAt === undefined || Date.parse(publishedAt) <= at;

const itemFacts = ({ id, url, category, tags }: Item): DemoEvent['properties'] => ({
  url: url ?? '/',
  itemId: id,
  category,
  discounted: tags.includes('discount') || tags.includes('winter-sale'),
});

/** Who minds the price takes a discounted thing where there is one. */
function pickFor({ traits }: DemoCustomer, shown: readonly Item[], random: Random): Item {
  const discounted = shown.filter(({ tags }) => tags.includes('discount') || tags.includes('winter-sale'));
  return discounted.length > 0 && random() < 0.55 * traits.thrift ? pick(discounted, random) : pick(shown, random);
}

export function categoryFor({ traits: { taste } }: DemoCustomer, random: Random): Category {
  const weights = categories.map(it => taste[it] ** 2 + 0.03);
  let left = random() * weights.reduce((sum, it) => sum + it, 0);
  const index = weights.findIndex(weight => (left -= weight) < 0);
  return categories[index] ?? 'books';
}

export function deviceOf({ traits: { deviceHabits } }: DemoCustomer, random: Random): Device {
  let left = random();
  return devices.find(it => (left -= deviceHabits[it]) < 0) ?? 'mobile';
}

/** A time between the two, more likely in the evening than in the morning, and hardly at night. */
export function timeOfDay(from: number, to: number, random: Random): number {
  for (;;) {
    const at = Math.floor(from + random() * (to - from));
    const hour = (at / hourMs) % 24;
    if (random() < 0.1 + (hour > 6 ? 0.45 - 0.45 * Math.cos((2 * Math.PI * (hour - 6)) / 18) : 0)) return at;
  }
}
