import type { Condition } from '../../src/conditions/condition.js';
import type { Item } from '../../src/content/item.js';
import type { Placement } from '../../src/content/placement.js';
import type { CustomerState, DecisionRequest } from '../../src/decisions/decision.js';
import { compileSnapshot } from '../../src/decisions/snapshot/compile.js';
import type { CompiledPlacement, Snapshot, TenantConfiguration } from '../../src/decisions/snapshot/snapshot.js';
import type { FeatureDefinition } from '../../src/features/feature.js';
import type { Rule } from '../../src/rules/rule-set.js';

export const noon = Date.parse('2026-03-01T12:00:00Z');
const dayMs = 86_400_000;

export function item(id: string, more: Partial<Item> = {}): Item {
  return { id, type: 'product', title: id, category: 'shoes', tags: [], priority: 0, attributes: {}, ...more };
}

export function feature(name: string, more: Partial<FeatureDefinition> = {}): FeatureDefinition {
  return { name, description: '', valueType: 'number', ttlMs: dayMs, ...more };
}

export function rule(id: string, more: Partial<Rule> & { readonly when: Condition }): Rule {
  return { id, effect: 'exclude', reason: `because of ${id}`, ...more };
}

export const hero: Placement = {
  id: 'hero',
  name: 'Hero',
  isDefault: true,
  slots: 1,
  scorer: { kind: 'priority' },
  policy: { kind: 'epsilonGreedy', epsilon: 0.1 },
  holdout: 0,
  hemisphere: 'north',
};

export function configuration(more: Partial<TenantConfiguration> = {}): TenantConfiguration {
  return {
    tenantId: 'acme',
    version: 1,
    features: [feature('engagement_score'), feature('monetary_score')],
    segments: [],
    items: [item('boots', { priority: 3 }), item('sandals', { priority: 2 }), item('scarf', { priority: 1, category: 'winter' })],
    placements: [hero],
    ruleSets: [],
    experiments: [],
    models: [],
    ...more,
  };
}

export function shop(more: Partial<TenantConfiguration> = {}): { readonly snapshot: Snapshot; readonly placement: CompiledPlacement } {
  const snapshot = compileSnapshot(configuration(more));
  const placement = snapshot.placements.get('hero');
  if (placement === undefined) throw new Error('The shop has a placement "hero"');
  return { snapshot, placement };
}

export function request(more: Partial<DecisionRequest> = {}): DecisionRequest {
  return {
    id: '0195515c-5800-7000-8000-000000000001',
    customerId: 'ada',
    placementId: 'hero',
    context: {},
    limit: 1,
    seed: 7,
    decidedAt: noon,
    ...more,
  };
}

export function state(more: Partial<CustomerState> = {}): CustomerState {
  return { known: true, source: 'current', attributes: {}, features: {}, segments: [], ...more };
}
