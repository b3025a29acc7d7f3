import { behavioursOf } from '../../conditions/behaviour.js';
import { readsOf, type Condition, type Facts } from '../../conditions/condition.js';
import { compileCondition, type Blind } from '../../conditions/evaluate.js';
import type { Placement, ScorerRef } from '../../content/placement.js';
import { factsOfItem, type Item } from '../../content/item.js';
import type { Experiment } from '../../experiments/experiment.js';
import { kindOf } from '../../features/feature.js';
import type { ModelDefinition } from '../../models/model.js';
import type { Rule } from '../../rules/rule-set.js';
import { guardOf, type Purposes } from './purposes.js';
import type { CompiledExperiment, CompiledItem, CompiledPlacement, CompiledRule, PlacementReads, TenantConfiguration } from './snapshot.js';

/** Features that the reasoning names where they are defined, whatever else a placement reads. */
export const reasoningFeatures = { engagement: 'engagement_score', monetary: 'monetary_score' } as const;

const category = '{category}';

/** What all placements of a tenant share. */
interface CompiledTogether {
  readonly items: readonly CompiledItem[];
  readonly purposes: Purposes;
}

export function compilePlacement(placement: Placement, configuration: TenantConfiguration, { items, purposes }: CompiledTogether): CompiledPlacement {
  const { blind } = configuration;
  const accepts = placement.accepts && compileCondition(placement.accepts, blind);
  const acceptsByTime = placement.accepts !== undefined && readsOf(placement.accepts).time;
  const candidates = items.filter(({ facts }) => accepts === undefined || acceptsByTime || accepts(aboutItem(facts)) === true);
  const rules = configuration.ruleSets
    .flatMap(set => set.rules)
    .filter(rule => rule.placements === undefined || rule.placements.includes(placement.id))
    .map(rule => compileRule(rule, candidates, blind));
  const experiments = configuration.experiments.filter(it => it.status === 'running' && it.placementId === placement.id);
  const models = modelsOf(placement, experiments, configuration.models);
  const conditions = [
    ...rules.flatMap(({ rule }) => (rule.items ? [rule.items, rule.when] : [rule.when])),
    ...experiments.flatMap(({ targeting }) => (targeting ? [targeting] : [])),
  ];
  const reads = readsOfPlacement(placement, { conditions, models, candidates }, configuration);
  return {
    placement,
    accepts,
    candidates,
    facts: candidates.map(it => it.facts),
    rules,
    experiments: experiments.map(it => compileExperiment(it, blind)),
    reads,
    guard: guardOf(reads, models, purposes),
    restsOn: new Set([placement.id, ...experiments.map(it => it.id), ...models.map(it => it.id), ...readsOf(...conditions).segments]),
    fallback: configuration.items.find(({ id }) => id === placement.fallbackItemId),
  };
}

export function compileItem(item: Item): CompiledItem {
  return {
    item,
    facts: factsOfItem(item),
    startsAt: item.startsAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(item.startsAt),
    endsAt: item.endsAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(item.endsAt),
  };
}

function compileRule(rule: Rule, candidates: readonly CompiledItem[], blind: Blind | undefined): CompiledRule {
  const items = rule.items && compileCondition(rule.items, blind);
  const byTime = rule.items !== undefined && readsOf(rule.items).time;
  return {
    rule,
    items,
    when: compileCondition(rule.when, blind),
    whenReadsItem: readsOf(rule.when).item.size > 0,
    drop: { stage: 'rules', code: rule.id, reason: rule.reason },
    mask: byTime ? undefined : Uint8Array.from(candidates, ({ facts }) => (items === undefined || items(aboutItem(facts)) === true ? 1 : 0)),
  };
}

function compileExperiment(experiment: Experiment, blind: Blind | undefined): CompiledExperiment {
  return {
    experiment,
    targeting: experiment.targeting && compileCondition(experiment.targeting, blind),
    weights: experiment.arms.map(({ weight }) => weight),
  };
}

function modelsOf(placement: Placement, experiments: readonly Experiment[], models: readonly ModelDefinition[]): readonly ModelDefinition[] {
  const scorers: (ScorerRef | undefined)[] = [placement.scorer, ...experiments.flatMap(({ arms }) => arms.map(({ scorer }) => scorer))];
  const ids = new Set(scorers.map(scorer => (scorer?.kind === 'model' ? scorer.modelId : undefined)));
  return models.filter(({ id }) => ids.has(id));
}

function readsOfPlacement(
  placement: Placement,
  { conditions, models, candidates }: { readonly conditions: readonly Condition[]; readonly models: readonly ModelDefinition[]; readonly candidates: readonly CompiledItem[] },
  { features: defined }: TenantConfiguration,
): PlacementReads {
  const reads = readsOf(...conditions);
  const attributes = new Set(reads.attributes);
  const behaviours = new Map(behavioursOf(...conditions).map(it => [it.key, it.event]));
  const features = new Set([...reads.features, ...behaviours.keys(), ...(placement.bandit?.features ?? [])]);
  const categories = new Set(candidates.map(({ item }) => item.category));
  const featuresByCategory: (readonly [string, string])[] = [];
  const attributesByCategory: (readonly [string, string])[] = [];
  for (const { source, name } of models.flatMap(({ inputs }) => inputs)) {
    if (source !== 'feature' && source !== 'attribute') continue;
    const [before, after] = name.split(category);
    const [exact, templates] = source === 'feature' ? [features, featuresByCategory] : [attributes, attributesByCategory];
    if (before === undefined || after === undefined) exact.add(name);
    else {
      templates.push([before, after]);
      for (const it of categories) exact.add(before + it + after);
    }
  }
  for (const { name } of defined) if (Object.values<string>(reasoningFeatures).includes(name)) features.add(name);
  const contextual = defined.flatMap(it => (kindOf(it) === 'contextual' && features.has(it.name) ? [[it.name, it.valueType] as const] : []));
  return { attributes: [...attributes], features: [...features], segments: [...reads.segments], contextual, behaviours, featuresByCategory, attributesByCategory };
}

/** Facts for a condition that reads an item alone. */
function aboutItem(item: Facts['item']): Facts {
  return { attributes: {}, features: {}, context: {}, item, behaviours: {}, segments: new Set(), now: Number.NaN };
}
