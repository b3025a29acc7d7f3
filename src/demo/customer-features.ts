import type { FeatureReading, FeatureValue } from '../customers/online-record.js';
import { categories } from './catalogue.js';
import { affinityOf, demoCounts, windowDays } from './configuration.js';
import type { DemoEvent } from './visits.js';

const dayMs = 86_400_000;
const weightOf: Partial<Readonly<Record<DemoEvent['type'], number>>> = { page_view: 1, add_to_cart: 3, purchase: 5 };

/**
 * The demo's features of one customer as of `at`, over the 30 days before it. Without any event in them only what is counted is known.
 * @param events of the customer, oldest first
 */
export function featuresAt(events: readonly DemoEvent[], at: number): Readonly<Record<string, FeatureReading>> {
  const within = events.filter(it => it.at > at - windowDays * dayMs && it.at <= at);
  const counts = countsOf(within);
  const newest = within.at(-1);
  const values: Record<string, FeatureValue> = {
    ...Object.fromEntries(demoCounts.map(([name, , type]) => [name, counts[type]])),
    engagement_score: engagementOf(counts),
    ...(newest && { ...scores(within, (at - newest.at) / dayMs), ...affinities(within), ...lastDevice(within), ...session(within) }),
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value, at }]));
}

type Counts = Readonly<Record<DemoEvent['type'], number>>;

function countsOf(within: readonly DemoEvent[]): Counts {
  const counts = { page_view: 0, add_to_cart: 0, purchase: 0, email_open: 0, form_submit: 0, login: 0 };
  for (const { type } of within) counts[type] += 1;
  return counts;
}

/** As the definition says it. */
function engagementOf(counts: Counts): number {
  const part = (type: DemoEvent['type'], full: number): number => Math.min(counts[type] / full, 1);
  return Math.min(1, 0.3 * part('page_view', 100) + 0.2 * part('email_open', 50) + 0.2 * part('form_submit', 20) + 0.3 * part('purchase', 10) + 0.1 * part('login', 30));
}

function scores(within: readonly DemoEvent[], idleDays: number): Record<string, number> {
  const spent = within.reduce((sum, { properties }) => sum + (typeof properties['value'] === 'number' ? properties['value'] : 0), 0);
  const days = new Set(within.map(it => Math.floor(it.at / dayMs))).size;
  const views = within.filter(it => it.type === 'page_view');
  return {
    recency_score: Math.exp(-idleDays / 10),
    frequency_score: Math.min(1, days / 12),
    monetary_score: Math.min(1, spent / 400),
    ...(views.length > 0 && {
      discount_share: views.filter(it => it.properties['discounted'] === true).length / views.length,
      conversion_rate: within.filter(it => it.type === 'form_submit').length / views.length,
    }),
  };
}

function session(within: readonly DemoEvent[]): Record<string, number> {
  const spans = new Map<string, readonly [from: number, to: number]>();
  for (const { at, properties: { sessionId } } of within) {
    if (typeof sessionId === 'string') spans.set(sessionId, [spans.get(sessionId)?.[0] ?? at, at]);
  }
  if (spans.size === 0) return {};
  const lengths = [...spans.values()].reduce((sum, [from, to]) => sum + to - from, 0);
  return { session_duration: lengths / spans.size / 1000 };
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
