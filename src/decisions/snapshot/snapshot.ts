import type { Blind, CompiledCondition } from '../../conditions/evaluate.js';
import type { Item } from '../../content/item.js';
import type { Placement } from '../../content/placement.js';
import type { AttributeDefinition } from '../../customers/attribute.js';
import type { FeatureValue, ValueType } from '../../customers/online-record.js';
import type { Experiment } from '../../experiments/experiment.js';
import type { EventPurposes } from '../../features/event-purposes.js';
import type { FeatureDefinition } from '../../features/feature.js';
import type { Encoder } from '../../models/encode.js';
import type { ModelDefinition } from '../../models/model.js';
import type { Rule, RuleSet } from '../../rules/rule-set.js';
import type { Segment } from '../../segments/segment.js';
import type { Drop } from '../decision.js';

/** Everything that a tenant has configured at one version, as the folders upstream describe it. */
export interface TenantConfiguration {
  readonly tenantId: string;
  readonly version: number;
  readonly attributes?: readonly AttributeDefinition[] | undefined;
  /** What personal attributes are compared by. */
  readonly blind?: Blind | undefined;
  readonly features: readonly FeatureDefinition[];
  /** By the type of the events; those of features are among the features' own. */
  readonly eventPurposes?: EventPurposes | undefined;
  readonly segments: readonly Segment[];
  readonly items: readonly Item[];
  readonly placements: readonly Placement[];
  readonly ruleSets: readonly RuleSet[];
  /** Versions of the configuration that brought the rule sets as they are, by their ids. */
  readonly ruleSetsSince?: ReadonlyMap<string, number> | undefined;
  readonly experiments: readonly Experiment[];
  readonly models: readonly ModelDefinition[];
}

export interface RuleSetVersion {
  readonly id: string;
  /** Version of the configuration that published it. */
  readonly since: number;
}

export interface CompiledItem {
  readonly item: Item;
  readonly facts: Readonly<Record<string, FeatureValue>>;
  /** Epoch milliseconds; -Infinity and Infinity where the item has no schedule. */
  readonly startsAt: number;
  readonly endsAt: number;
}

export interface CompiledRule {
  readonly rule: Rule;
  readonly items: CompiledCondition | undefined;
  readonly when: CompiledCondition;
  readonly whenReadsItem: boolean;
  readonly drop: Drop;
  /** For the placement's own candidates, 1 where the rule is about them; absent where that changes with time. */
  readonly mask: Uint8Array | undefined;
}

export interface CompiledExperiment {
  readonly experiment: Experiment;
  readonly targeting: CompiledCondition | undefined;
  readonly weights: readonly number[];
}

export interface CompiledModel {
  readonly model: ModelDefinition;
  readonly width: number;
  readonly encode: Encoder;
}

/** What a placement's decisions may read of a customer; nothing else is gathered, kept in the log, or a reason to decide again. */
export interface PlacementReads {
  readonly attributes: readonly string[];
  readonly features: readonly string[];
  readonly segments: readonly string[];
  /** Of the features, those that come with the request, with their types. */
  readonly contextual: readonly (readonly [name: string, type: ValueType])[];
  /** Types of the events by the keys of behaviours, which are among the names of the features, too: their counts are kept there. */
  readonly behaviours: ReadonlyMap<string, string>;
  /** Texts before and after `{category}` in names that depend on the candidate; those of the placement's own items are among the names above. */
  readonly featuresByCategory: readonly (readonly [string, string])[];
  readonly attributesByCategory: readonly (readonly [string, string])[];
}

/** What a placement's decisions read that needs consent, and the purposes that it needs it for. */
export interface Guard {
  /** By the keys of behaviours, with the type of the events. */
  readonly behaviours: ReadonlyMap<string, { readonly event: string; readonly purposes: readonly string[] }>;
  readonly features: ReadonlyMap<string, readonly string[]>;
  readonly attributes: ReadonlyMap<string, readonly string[]>;
  readonly segments: ReadonlyMap<string, readonly string[]>;
  readonly models: ReadonlyMap<string, readonly string[]>;
  /** All of them together. */
  readonly purposes: ReadonlySet<string>;
}

export interface CompiledPlacement {
  readonly placement: Placement;
  readonly accepts: CompiledCondition | undefined;
  /** In the editors' order: priority falling, then id. */
  readonly candidates: readonly CompiledItem[];
  /** Of the candidates, in their order. */
  readonly facts: readonly CompiledItem['facts'][];
  readonly rules: readonly CompiledRule[];
  readonly experiments: readonly CompiledExperiment[];
  readonly reads: PlacementReads;
  /** Absent where nothing needs consent. */
  readonly guard: Guard | undefined;
  /** Ids of rule sets, segments, experiments and models whose change can change its decisions. */
  readonly restsOn: ReadonlySet<string>;
  readonly fallback: Item | undefined;
}

/** One version of a tenant's configuration, ready to decide by. Immutable. */
export interface Snapshot {
  readonly tenantId: string;
  readonly version: number;
  readonly features: ReadonlyMap<string, FeatureDefinition>;
  readonly items: ReadonlyMap<string, Item>;
  readonly placements: ReadonlyMap<string, CompiledPlacement>;
  readonly defaultPlacementId: string | undefined;
  /** Ordered by id. */
  readonly ruleSets: readonly RuleSetVersion[];
  readonly models: ReadonlyMap<string, CompiledModel>;
}

