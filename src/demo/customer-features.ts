import type { FeatureReading, FeatureValue } from '../customers/online-record.js';
import { categories } from './catalogue.js';
import { affinityOf, windowDays } from './configuration.js';
import type { DemoEvent } from './visits.js';

const dayMs = 86_400_000;
const weightOf: Partial<Readonly<Record<DemoEvent['type'], number>>> = { page_view: 1, add_to_cart: 3, purchase: 5 };

/**
 * The demo's features of one customer as of `at`, over the 30 days before it. Without any event in them only the counts are known.
 * @param events of the customer, oldest first
 */
export function featuresAt(events: readonly DemoEvent[], at: number): Readonly<Record<string, FeatureReading>> {
  const within = events.filter(it => it.at > at - windowDays * dayMs && it.at <= at);
  const count = (type: DemoEvent['type']): number => within.filter(it => it.type === type).length;
  const newest = within.at(-1);
  const values: Record<string, FeatureValue> = {
    page_views_30d: count('page_view'),
    carts_30d: count('add_to_cart'),
    purchases_30d: count('purchase'),
    ...(newest && { ...scores(within, (at - newest.at) / dayMs), ...affinities(within), ...lastDevice(within) }),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, at }]));
}

/** The engagement score weighs each kind of event by how much of its full measure was reached. */
function scores(within: readonly DemoEvent[], idleDays: number): Record<string, number> {
  const count = (type: DemoEvent['type']): number => within.filter(it => it.type === type).length;
  const part = (type: DemoEvent['type'], full: number): number => Math.min(1, count(type) / full);
  const engagement =
    0.3 * part('page_view', 100) + 0.2 * part('email_open', 50) + 0.2 * part('form_submit', 20) + 0.3 * part('purchase', 10) + 0.1 * part('login', 30);
  const spent = within.reduce((sum, { properties }) => sum + (typeof properties['value'] === 'number' ? properties['value'] : 0), 0);
  const days = new Set(within.map(it => Math.floor(it.at / dayMs))).size;
  const views = within.filter(it => it.type === 'page_view');
  return {
    engagement_score: Math.min(1, engagement),
    recency_score: Math.exp(-idleDays / 10),
    frequency_score: Math.min(1, days / 12),
    monetary_score: Math.min(1, spent / 400),
    ...(views.length > 0 && { discount_share: views.filter(it => it.properties['discounted'] === true).length / views.length }),
  };
}

function affinities(within: readonly DemoEvent[]): Record<string, number> {
  const weights = new Map<string, number>(categories.map(it => [it, 0.5]));
  for (const { type, properties } of within) {
    const category = properties['category'];
    if (typeof category === 'string') weights.set(category, (weights.get(category) ?? 0) + (weightOf[type] ?? 0));
  }
  const sum = [...weights.values()].reduce((a, b) => a + b, 0);
  return Object.fromEntries(Array.from(weights, ([category, weight]) => [affinityOf(category), weight / sum]));
}

function lastDevice(within: readonly DemoEvent[]): Record<string, string> {
  const device = within.findLast(it => it.type === 'page_view')?.properties['device'];
  return typeof device === 'string' ? { preferred_device: device } : {};
}
