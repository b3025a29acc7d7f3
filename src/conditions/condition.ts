import type { FeatureValue } from '../customers/online-record.js';
import type { Json } from '../kernel/json.js';

/** How a named value is compared. What each one accepts as its value is said in check.ts. */
export const operators = [
  'equals', 'notEquals', 'in', 'contains', 'startsWith', 'exists', 'greaterThan', 'lessThan', 'between', 'before', 'withinLast',
] as const;
export type Operator = (typeof operators)[number];

/**
 * `between` takes [low, high], both included. `before` takes an ISO-8601 time, `withinLast` an ISO-8601 duration,
 * both against a time held as ISO-8601 text or epoch milliseconds. `exists` takes true (default) or false.
 */
export interface Comparison {
  readonly name: string;
  readonly operator: Operator;
  readonly value?: FeatureValue | readonly number[] | undefined;
}

/** How often a customer has done something. */
export interface Behaviour {
  readonly event: string;
  /** Reads properties of the event alone; without it every event of the type counts. */
  readonly where?: Condition | undefined;
  readonly atLeast: number;
  /** Any number where it is absent. */
  readonly atMost?: number | undefined;
  /** ISO-8601 duration of the window before now; not together with `since`. Without both, all events count that the log holds. */
  readonly within?: string | undefined;
  /** ISO-8601 time of the first event that counts. */
  readonly since?: string | undefined;
}

/** One typed tree for segments, rules and experiment targeting. Exactly one field is set in each node. */
export type Condition =
  | { readonly and: readonly Condition[] }
  | { readonly or: readonly Condition[] }
  | { readonly not: Condition }
  | { readonly attribute: Comparison }
  | { readonly feature: Comparison }
  | { readonly context: Comparison }
  | { readonly item: Comparison }
  | { readonly property: Comparison }
  | { readonly did: Behaviour }
  | { readonly inSegment: string };

/**
 * Kleene's three values (Kleene 1952, §64): undefined is "not known", which is what every comparison with a missing value gives,
 * `notEquals` included; only `exists` answers for a missing value. A condition *holds* where it is true.
 */
export type Truth = boolean | undefined;

/** Which segments a customer is in; a set of their ids is one. */
export interface Memberships {
  /** Undefined where membership in this one must not be known. */
  has(segmentId: string): Truth;
}

/** What a condition is read against. */
export interface Facts {
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  /** Values only: a feature that is missing and has no default is absent. */
  readonly features: Readonly<Record<string, FeatureValue>>;
  readonly context: Readonly<Record<string, FeatureValue>>;
  readonly item: Readonly<Record<string, FeatureValue>>;
  /** Of the event that is looked at, for a `where`; any JSON, where null is as good as missing. */
  readonly properties?: Readonly<Record<string, Json>>;
  /** How often, by the key of the behaviour; one that is absent has not been counted. */
  readonly behaviours: Readonly<Record<string, number>>;
  /** Undefined where they could not be read: then no membership is known. */
  readonly segments: Memberships | undefined;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** The names that a condition's answer rests on, beside the behaviours that `behavioursOf` gives. */
export interface Reads {
  readonly attributes: ReadonlySet<string>;
  readonly features: ReadonlySet<string>;
  readonly context: ReadonlySet<string>;
  readonly item: ReadonlySet<string>;
  readonly property: ReadonlySet<string>;
  readonly segments: ReadonlySet<string>;
  /** True where the answer can change with time alone, all values and counts staying as they are. */
  readonly time: boolean;
}

export type Leaf = 'attribute' | 'feature' | 'context' | 'item' | 'property';

export function readsOf(...conditions: readonly Condition[]): Reads {
  const names: Record<Leaf, Set<string>> = { attribute: new Set(), feature: new Set(), context: new Set(), item: new Set(), property: new Set() };
  const segments = new Set<string>();
  let time = false;
  const visit = (node: Condition): void => {
    if ('and' in node) node.and.forEach(visit);
    else if ('or' in node) node.or.forEach(visit);
    else if ('not' in node) visit(node.not);
    else if ('inSegment' in node) segments.add(node.inSegment);
    else if (!('did' in node)) {
      const [leaf, comparison] = leafOf(node);
      names[leaf].add(comparison.name);
      time ||= comparison.operator === 'withinLast';
    }
  };
  conditions.forEach(visit);
  return { attributes: names.attribute, features: names.feature, context: names.context, item: names.item, property: names.property, segments, time };
}

/** The kind and the comparison of a leaf that compares a named value. */
export function leafOf(
  node: Exclude<Condition, { and: unknown } | { or: unknown } | { not: unknown } | { did: unknown } | { inSegment: unknown }>,
): readonly [Leaf, Comparison] {
  if ('attribute' in node) return ['attribute', node.attribute];
  if ('feature' in node) return ['feature', node.feature];
  if ('context' in node) return ['context', node.context];
  return 'item' in node ? ['item', node.item] : ['property', node.property];
}
