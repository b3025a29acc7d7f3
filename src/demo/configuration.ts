import type { Placement } from '../content/placement.js';
import type { Experiment } from '../experiments/experiment.js';
import type { FeatureDefinition } from '../features/feature.js';
import type { Rule, RuleSet } from '../rules/rule-set.js';
import type { Segment } from '../segments/segment.js';
import { categories } from './catalogue.js';

const dayMs = 86_400_000;
export const windowDays = 30;
const windowMs = windowDays * dayMs;

const scores = [
  ['recency_score', 'exp(-days since the last event / 10)'],
  ['frequency_score', 'Days with an event of the last 30, of 12, at most 1'],
  ['monetary_score', 'Spent within 30 days, of 400 EUR, at most 1'],
] as const;

export const demoCounts = [
  ['page_views_30d', 'Pages seen within 30 days', 'page_view'],
  ['carts_30d', 'Things laid into the basket within 30 days', 'add_to_cart'],
  ['purchases_30d', 'Purchases within 30 days', 'purchase'],
  ['email_opens_30d', 'Mails opened within 30 days', 'email_open'],
  ['form_submits_30d', 'Forms sent within 30 days', 'form_submit'],
  ['logins_30d', 'Logins within 30 days', 'login'],
] as const;

/** Each kind of event weighs by how much of its full measure was reached. */
const engagement = `min(1,
  0.3 * min(page_views_30d / 100, 1) + 0.2 * min(email_opens_30d / 50, 1) + 0.2 * min(form_submits_30d / 20, 1)
  + 0.3 * min(purchases_30d / 10, 1) + 0.1 * min(logins_30d / 30, 1))`;

export const affinityOf = (category: string): string => `affinity_${category}`;

const pageViews = { event: 'page_view' } as const;

export const demoFeatures: readonly FeatureDefinition[] = [
  ...scores.map(([name, description]) => numberFeature(name, description)),
  ...categories.map(it => numberFeature(affinityOf(it), `Share of ${it} in what they looked at, put into the basket and bought within 30 days, in (0, 1)`)),
  ...demoCounts.map(([name, description, event]) => ({ ...numberFeature(name, description), aggregate: { function: 'count', event, windowMs } as const })),
  { ...numberFeature('engagement_score', 'How much they do in the shop, of what would be a lot, within 30 days'), expression: engagement },
  {
    ...numberFeature('conversion_rate', 'Forms sent for each page seen within 30 days'),
    defaultValue: 0,
    aggregate: { function: 'ratio', event: 'form_submit', per: pageViews, windowMs },
  },
  {
    ...numberFeature('session_duration', 'Mean length of a visit within 30 days, in seconds'),
    aggregate: { function: 'sessionDuration', windowMs },
  },
  {
    ...numberFeature('discount_share', 'Share of the page views of 30 days that were of discounted things'),
    aggregate: { function: 'ratio', ...pageViews, where: { property: { name: 'discounted', operator: 'equals', value: true } }, per: pageViews, windowMs },
  },
  {
    name: 'preferred_device',
    description: 'What they used last to look at the shop',
    valueType: 'string',
    ttlMs: windowMs,
    owner: 'web',
    aggregate: { function: 'last', event: 'page_view', property: 'device', windowMs },
  },
];

function numberFeature(name: string, description: string): FeatureDefinition {
  return { name, description, valueType: 'number', ttlMs: windowMs, owner: 'crm' };
}

export const demoSegments: readonly Segment[] = [
  {
    id: 'high-value',
    name: 'High value',
    description: 'Spent well within the last month',
    condition: { feature: { name: 'monetary_score', operator: 'greaterThan', value: 0.6 } },
  },
  {
    id: 'cart-abandoners',
    name: 'Cart abandoners',
    description: 'Filled a basket within the last month and bought nothing',
    condition: {
      and: [
        { feature: { name: 'carts_30d', operator: 'greaterThan', value: 0 } },
        { feature: { name: 'purchases_30d', operator: 'equals', value: 0 } },
      ],
    },
  },
  {
    id: 'new-visitors',
    name: 'New visitors',
    description: 'Signed up within two weeks',
    condition: { attribute: { name: 'signedUpAt', operator: 'withinLast', value: 'P14D' } },
  },
  {
    id: 'bargain-hunters',
    name: 'Bargain hunters',
    description: 'Look at discounted things more than others do',
    condition: { feature: { name: 'discount_share', operator: 'greaterThan', value: 0.3 } },
  },
  {
    id: 'loyal-runners',
    name: 'Loyal runners',
    description: 'Come for running, and have been coming for a while',
    condition: {
      and: [
        { feature: { name: affinityOf('running'), operator: 'greaterThan', value: 0.3 } },
        { attribute: { name: 'loyaltyTier', operator: 'in', value: ['silver', 'gold'] } },
      ],
    },
  },
  { id: 'wine-circle', name: 'Wine circle', description: 'Guests of the tastings, as the team in the shop writes them down' },
];

const rules: readonly Rule[] = [
  {
    id: 'out-of-stock',
    effect: 'exclude',
    when: { item: { name: 'inStock', operator: 'equals', value: false } },
    reason: 'It is out of stock.',
  },
  {
    id: 'no-winter-sale-for-newcomers',
    effect: 'exclude',
    items: { item: { name: 'tags', operator: 'contains', value: 'winter-sale' } },
    when: { inSegment: 'new-visitors' },
    reason: 'The winter sale is not what new visitors should see first.',
  },
  {
    id: 'basket-offers-need-a-basket',
    effect: 'require',
    items: { item: { name: 'tags', operator: 'contains', value: 'basket' } },
    when: { or: [{ inSegment: 'cart-abandoners' }, { inSegment: 'bargain-hunters' }, { inSegment: 'high-value' }] },
    reason: 'The offer is for customers with a basket, and for those who hunt for bargains.',
  },
  {
    id: 'no-articles-on-phones-in-mails',
    effect: 'exclude',
    items: { item: { name: 'type', operator: 'equals', value: 'article' } },
    when: { feature: { name: 'preferred_device', operator: 'equals', value: 'mobile' } },
    placements: ['email-banner'],
    reason: 'Long reads are not sent to people who read on a phone.',
  },
  {
    id: 'runners-see-running',
    effect: 'boost',
    items: { item: { name: 'category', operator: 'equals', value: 'running' } },
    when: { inSegment: 'loyal-runners' },
    factor: 1.2,
    reason: 'Loyal runners see running first.',
  },
  {
    id: 'wine-circle-sees-wine',
    effect: 'boost',
    items: { item: { name: 'category', operator: 'equals', value: 'wine' } },
    when: { inSegment: 'wine-circle' },
    factor: 1.3,
    reason: 'Guests of the tastings see wine first.',
  },
];

const adultsOnly = (bornBefore: number): Rule => ({
  id: 'adults-only',
  effect: 'require',
  items: { item: { name: 'adultsOnly', operator: 'equals', value: true } },
  when: { attribute: { name: 'birthYear', operator: 'lessThan', value: bornBefore } },
  reason: 'It is for adults, and this customer is not known to be one.',
});

/** @param now epoch milliseconds: who is an adult then, is one */
export function demoRuleSet(now: number): RuleSet {
  return { id: 'shop-rules', name: 'Rules of the shop', rules: [adultsOnly(new Date(now).getUTCFullYear() - 18), ...rules] };
}

export const modelId = 'click-model';
const fallbackItemId = 'reading-aloud';

const bandit = { features: [...categories.map(affinityOf), 'engagement_score', 'discount_share'], lambda: 1, alpha: 0.3 } as const;

function placement(id: string, name: string, its: Pick<Placement, 'accepts' | 'slots' | 'scorer' | 'policy'> & Partial<Placement>): Placement {
  return { id, name, isDefault: false, fallbackItemId, holdout: 0.05, hemisphere: 'north', bandit, ...its };
}

const exploring = { kind: 'epsilonGreedy', epsilon: 0.1 } as const;

export const demoPlacements: readonly Placement[] = [
  placement('homepage-hero', 'Homepage, large', {
    isDefault: true,
    accepts: { or: [{ item: { name: 'type', operator: 'in', value: ['banner', 'offer'] } }, { item: { name: 'tags', operator: 'contains', value: 'featured' } }] },
    slots: 1,
    scorer: { kind: 'model', modelId },
    policy: exploring,
  }),
  placement('product-recommendations', 'Picked for you', {
    accepts: { item: { name: 'type', operator: 'equals', value: 'product' } },
    slots: 4,
    scorer: { kind: 'model', modelId },
    policy: exploring,
  }),
  placement('email-banner', 'Weekly mail, top', {
    accepts: { item: { name: 'type', operator: 'in', value: ['banner', 'article'] } },
    slots: 1,
    scorer: { kind: 'bandit' },
    policy: exploring,
  }),
  placement('checkout-offer', 'Beside the basket', {
    accepts: { or: [{ item: { name: 'type', operator: 'equals', value: 'offer' } }, { item: { name: 'tags', operator: 'contains', value: 'add-on' } }] },
    slots: 2,
    scorer: { kind: 'bandit' },
    policy: exploring,
  }),
];

/** How the shop showed things before it had anything to learn from: by chance, all alike. */
export function beforeLearning(it: Placement): Placement {
  return { ...it, scorer: { kind: 'priority' }, policy: { kind: 'uniform' }, holdout: 0 };
}

export const demoExperiment: Experiment = {
  id: 'hero-model-or-bandit',
  name: 'Homepage: model or bandit',
  hypothesis: 'A bandit that learns each item by itself gets more clicks on the homepage than the model, which only knows what items have in common',
  placementId: 'homepage-hero',
  status: 'running',
  coverage: 0.8,
  seed: 'hero-model-or-bandit',
  arms: [
    { id: 'model', name: 'Model', weight: 0.5 },
    { id: 'bandit', name: 'Bandit', weight: 0.5, scorer: { kind: 'bandit' } },
  ],
};
