import type { Item } from '../src/content/item.js';
import type { CustomerState, DecisionRequest } from '../src/decisions/decision.js';
import { compileSnapshot } from '../src/decisions/snapshot/compile.js';
import type { CompiledPlacement, Snapshot, TenantConfiguration } from '../src/decisions/snapshot/snapshot.js';
import type { ModelInput } from '../src/models/input-contract.js';
import type { Rule } from '../src/rules/rule-set.js';

const categories = ['shoes', 'jackets', 'tents', 'packs', 'stoves'] as const;
export const featureNames = [
  'engagement_score', 'monetary_score', 'recency_score', 'frequency_score', 'age', ...categories.map(it => `affinity_${it}`),
] as const;

const items = Array.from({ length: 20 }, (_, i): Item => ({
  id: `trail-item-${String(i).padStart(2, '0')}`,
  type: 'product',
  title: `Trail item ${i}`,
  category: categories[i % categories.length] ?? 'shoes',
  tags: ['trail', i % 2 === 0 ? 'sale' : 'new'],
  priority: 20 - i,
  publishedAt: '2026-01-01T00:00:00Z',
  attributes: { stock: i, adult: i === 7 },
}));

const rules: readonly Rule[] = [
  { id: 'in-stock', effect: 'exclude', items: { item: { name: 'stock', operator: 'lessThan', value: 1 } }, when: { context: { name: 'hour', operator: 'exists' } }, reason: 'Sold out.' },
  { id: 'adults', effect: 'require', items: { item: { name: 'adult', operator: 'equals', value: true } }, when: { feature: { name: 'age', operator: 'greaterThan', value: 17 } }, reason: 'For adults.' },
  { id: 'no-sale-for-new', effect: 'exclude', items: { item: { name: 'tags', operator: 'contains', value: 'sale' } }, when: { inSegment: 'newcomers' }, reason: 'Newcomers see full prices.' },
  { id: 'mobile-tents', effect: 'exclude', items: { item: { name: 'category', operator: 'equals', value: 'tents' } }, when: { context: { name: 'deviceType', operator: 'equals', value: 'watch' } }, reason: 'Not on a watch.' },
  { id: 'favourite', effect: 'boost', items: { item: { name: 'category', operator: 'equals', value: 'shoes' } }, when: { attribute: { name: 'favouriteCategory', operator: 'equals', value: 'shoes' } }, factor: 1.2, reason: 'A favourite.' },
];

const number = (source: ModelInput['source'], name: string): ModelInput => ({ source, name, transform: { kind: 'number', scale: 1, offset: 0 }, missing: 0 });
export const modelInputs: readonly ModelInput[] = [
  ...featureNames.slice(0, 4).map(name => number('feature', name)),
  number('feature', 'affinity_{category}'),
  { source: 'item', name: 'category', transform: { kind: 'oneHot', values: categories }, missing: 0 },
  { source: 'item', name: 'tags', transform: { kind: 'count', scale: 0.1 }, missing: 0 },
  { source: 'item', name: 'publishedAt', transform: { kind: 'ageDays', scale: 0.01 }, missing: 0 },
  { source: 'context', name: 'hour', transform: { kind: 'cyclic', period: 24 }, missing: 0 },
  { source: 'context', name: 'dayOfWeek', transform: { kind: 'cyclic', period: 7 }, missing: 0 },
];

/** 20 candidates, 10 features, 5 rules, one experiment, one model. `artifact` is the SHA-256 of the model's bytes. */
export function scenarioConfiguration(tenantId: string, artifact: string): TenantConfiguration {
  return {
    tenantId,
    version: 1,
    features: featureNames.map(name => ({ name, description: '', valueType: 'number', ttlMs: 30 * 86_400_000 })),
    segments: [{ id: 'newcomers', name: 'Newcomers', description: '', condition: { feature: { name: 'engagement_score', operator: 'lessThan', value: 0.05 } } }],
    items,
    placements: [{
      id: 'hero', name: 'Hero', isDefault: true, slots: 1, scorer: { kind: 'model', modelId: 'clicks' },
      policy: { kind: 'epsilonGreedy', epsilon: 0.1 }, holdout: 0, hemisphere: 'north',
    }],
    ruleSets: [{ id: 'main', name: 'Main', rules }],
    experiments: [{
      id: 'greedy-or-not', name: 'Greedy or not', hypothesis: '', placementId: 'hero', status: 'running', coverage: 1, seed: 'g',
      arms: [{ id: 'control', name: 'Control', weight: 0.5 }, { id: 'greedy', name: 'Greedy', weight: 0.5, policy: { kind: 'greedy' } }],
    }],
    models: [{ id: 'clicks', name: 'Clicks', description: '', runtime: 'onnx', artifact, inputs: modelInputs, output: 'probability' }],
  };
}

export function scenario(): {
  readonly snapshot: Snapshot;
  readonly placement: CompiledPlacement;
  readonly requests: readonly DecisionRequest[];
  readonly states: readonly CustomerState[];
} {
  const snapshot = compileSnapshot(scenarioConfiguration('bench', '0'.repeat(64)));
  const placement = snapshot.placements.get('hero');
  if (placement === undefined) throw new Error('The scenario has a placement');
  const now = Date.parse('2026-03-01T12:00:00Z');
  const requests = Array.from({ length: 256 }, (_, i): DecisionRequest => ({
    id: `0195515c-5800-7000-8000-${String(i).padStart(12, '0')}`,
    customerId: `customer-${i}`, placementId: 'hero', context: { deviceType: 'phone', pageUrl: '/' }, limit: 1, seed: (i * 2_654_435_761) % 2 ** 32, decidedAt: now + i,
  }));
  const states = requests.map((_, i): CustomerState => ({
    known: true,
    source: 'current',
    attributes: { favouriteCategory: categories[i % categories.length] ?? 'shoes' },
    features: Object.fromEntries(featureNames.map((name, k) => [name, { value: name === 'age' ? 20 + (i % 50) : ((i * 31 + k * 17) % 100) / 100, at: now - 1000 }])),
    segments: [],
  }));
  return { snapshot, placement, requests, states };
}
