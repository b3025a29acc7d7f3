import { countsAmong } from '../conditions/behaviour.js';
import { readsOf, type Facts } from '../conditions/condition.js';
import { compileCondition, type Blind, type CompiledCondition } from '../conditions/evaluate.js';
import { compileNextChange, type CompiledNextChange } from '../conditions/next-change.js';
import type { FeatureReading, FeatureValue } from '../customers/online-record.js';
import { viewFeature, type FeatureDefinition } from '../features/feature.js';
import type { Segment } from './segment.js';

/** What membership is decided by. */
export interface CustomerTruth {
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly features: Readonly<Record<string, FeatureReading>>;
  /** Segments kept by hand that the customer is on the list of. */
  readonly listed: readonly string[];
}

export interface CompiledFrom {
  readonly segments: readonly Segment[];
  readonly features: readonly FeatureDefinition[];
  /** Of the behaviours that anything live asks for. */
  readonly counts: readonly FeatureDefinition[];
  /** What personal attributes are compared by. */
  readonly blind: Blind;
}

/** A tenant's segments at one version of its configuration. */
export class CompiledSegments {
  readonly version: number;
  readonly #features: readonly FeatureDefinition[];
  /** Those named by others come before them. */
  readonly #dynamic: readonly { readonly id: string; readonly holds: CompiledCondition; readonly nextChange: CompiledNextChange }[];
  readonly #listed: ReadonlySet<string>;

  /** All features, and the counts of behaviours. */
  readonly recounted: readonly FeatureDefinition[];

  constructor(version: number, { segments, features, counts, blind }: CompiledFrom) {
    this.version = version;
    this.recounted = [...features, ...counts];
    this.#features = features;
    this.#listed = new Set(segments.filter(it => it.condition === undefined).map(it => it.id));
    this.#dynamic = inOrder(segments).flatMap(({ id, condition }) => (condition === undefined ? [] : [{ id, holds: compileCondition(condition, blind), nextChange: compileNextChange(condition) }]));
  }

  get dynamicIds(): readonly string[] {
    return this.#dynamic.map(({ id }) => id);
  }

  /** The segments that the customer is in at `now`, in epoch milliseconds, ordered by id. */
  membershipsOf({ attributes, features, listed }: CustomerTruth, now: number): readonly string[] {
    const segments = new Set(listed.filter(id => this.#listed.has(id)));
    const facts = factsOf({ attributes, features }, { definitions: this.#features, segments, now });
    for (const { id, holds } of this.#dynamic) if (holds(facts) === true) segments.add(id);
    return [...segments].sort();
  }

  /** When time alone may next change a membership, in epoch milliseconds after `now`. Here `listed` has all segments that the customer is in. */
  nextChangeOf({ attributes, features, listed }: CustomerTruth, now: number): number | undefined {
    const facts = factsOf({ attributes, features }, { definitions: this.#features, segments: new Set(listed), now });
    const next = Math.min(...this.#dynamic.map(it => it.nextChange(facts) ?? Infinity));
    return next === Infinity ? undefined : next;
  }
}

export interface FactsBy {
  readonly definitions: readonly FeatureDefinition[];
  readonly segments: ReadonlySet<string>;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** What a segment's condition sees of a customer: of missing features their defaults, of context and items nothing. */
export function factsOf(
  { attributes, features }: Pick<CustomerTruth, 'attributes' | 'features'>,
  { definitions, segments, now }: FactsBy,
): Facts {
  const values: Record<string, FeatureValue> = {};
  for (const definition of definitions) {
    const { value } = viewFeature(definition, features[definition.name], now);
    if (value !== undefined) values[definition.name] = value;
  }
  return { attributes, features: values, context: {}, item: {}, behaviours: countsAmong(features), segments, now };
}

/** Depth first; the definitions have no cycle, since none can be saved. */
function inOrder(segments: readonly Segment[]): readonly Segment[] {
  const byId = new Map(segments.map(it => [it.id, it]));
  const ordered = new Set<Segment>();
  const visit = (segment: Segment): void => {
    if (segment.condition !== undefined) {
      for (const id of readsOf(segment.condition).segments) {
        const named = byId.get(id);
        if (named !== undefined && named !== segment && !ordered.has(named)) visit(named);
      }
    }
    ordered.add(segment);
  };
  segments.forEach(visit);
  return [...ordered];
}
