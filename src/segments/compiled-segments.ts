import { behavioursOf, countsAmong } from '../conditions/behaviour.js';
import { readsOf, type Condition, type Facts } from '../conditions/condition.js';
import { compileCondition, type Blind, type CompiledCondition } from '../conditions/evaluate.js';
import { compileNextChange, type CompiledNextChange } from '../conditions/next-change.js';
import type { AttributeDefinition } from '../customers/attribute.js';
import type { FeatureReading, FeatureValue } from '../customers/online-record.js';
import type { Counting } from '../events/event.js';
import { countingOf } from '../features/counting.js';
import { viewFeature, type FeatureDefinition } from '../features/feature.js';
import type { MoveCause } from './segment-change.js';
import type { Segment } from './segment.js';

/** What membership is decided by. */
export interface CustomerTruth {
  readonly attributes: Readonly<Record<string, FeatureValue>>;
  readonly features: Readonly<Record<string, FeatureReading>>;
  /** Segments kept by hand that the customer is on the list of. */
  readonly listed: readonly string[];
}

/** How far memberships were worked out before. */
export interface KnownMemberships {
  /** All that the customer was in. */
  readonly segments: readonly string[];
  /** What may be different since then: `ATTRIBUTE <name>`, `FEATURE <name>` with the counts of behaviours among them, `SEGMENT <id>`. */
  readonly changed: readonly string[];
  /** When time alone may change a membership, in epoch milliseconds. */
  readonly nextChange: number | undefined;
}

export interface WorkedOut {
  /** Ordered by id. */
  readonly segments: readonly string[];
  /** Conditions that were evaluated. */
  readonly evaluated: number;
  /** Time alone changes no membership before, in epoch milliseconds after now. */
  readonly nextChange: number | undefined;
}

/** What segments are compiled from. */
export interface CompiledFrom {
  readonly segments: readonly Segment[];
  readonly features: readonly FeatureDefinition[];
  /** Of the behaviours that anything live asks for. */
  readonly counts: readonly FeatureDefinition[];
  /** Those that are declared, and what the personal ones are compared by. */
  readonly attributes: readonly AttributeDefinition[];
  readonly blind: Blind;
}

interface Dynamic {
  readonly id: string;
  readonly holds: CompiledCondition;
  readonly nextChange: CompiledNextChange;
  /** What its condition reads, as `KnownMemberships.changed` names it, by its cause's kind. */
  readonly reads: ReadonlyMap<string, MoveCause>;
  readonly readsTime: boolean;
}

/** A tenant's segments at one version of its configuration. */
export class CompiledSegments {
  readonly version: number;
  readonly from: CompiledFrom;
  /** All features, and the counts of behaviours. */
  readonly recounted: readonly FeatureDefinition[];
  readonly counting: Counting;
  readonly #features: readonly FeatureDefinition[];
  /** Those named by others come before them. */
  readonly #dynamic: readonly Dynamic[];
  readonly #listed: ReadonlySet<string>;
  readonly #byId: ReadonlyMap<string, Dynamic>;
  /** Places of those that have to be evaluated when something changes, by its name. */
  readonly #touchedBy: ReadonlyMap<string, readonly number[]>;
  readonly #byTime: readonly number[];

  constructor(version: number, from: CompiledFrom) {
    const { segments, features, counts, blind } = from;
    this.version = version;
    this.from = from;
    this.recounted = [...features, ...counts];
    this.counting = countingOf(version, this.recounted);
    this.#features = features;
    this.#listed = new Set(segments.filter(it => it.condition === undefined).map(it => it.id));
    this.#dynamic = inOrder(segments).flatMap(({ id, condition }) => (condition === undefined ? [] : [
      { id, holds: compileCondition(condition, blind), nextChange: compileNextChange(condition, blind), reads: causesIn(condition), readsTime: readsOf(condition).time },
    ]));
    this.#byId = new Map(this.#dynamic.map(it => [it.id, it]));
    this.#touchedBy = touchedBy(this.#dynamic);
    this.#byTime = this.#dynamic.flatMap(({ readsTime }, i) => (readsTime ? [i] : []));
  }

  /**
   * The segments that the customer is in at `now`, in epoch milliseconds. Evaluates all conditions, or those alone whose answer may differ from what
   * is `known`, which has to come of this version.
   */
  membershipsOf({ attributes, features, listed }: CustomerTruth, now: number, known?: KnownMemberships): WorkedOut {
    const before = known?.segments.filter(id => this.#byId.has(id)) ?? [];
    const segments = new Set([...listed.filter(id => this.#listed.has(id)), ...before]);
    const facts = factsOf({ attributes, features }, { definitions: this.#features, segments, now });
    const isDue = known === undefined || (known.nextChange ?? Infinity) <= now;
    const { evaluated, next } = this.#evaluate(this.#marked(known, isDue), facts, segments);
    const nextChange = Math.min(next, isDue ? Infinity : (known.nextChange ?? Infinity));
    return { segments: [...segments].sort(), evaluated, nextChange: nextChange === Infinity ? undefined : nextChange };
  }

  /** Why a membership is another one, by what has changed; `otherwise` where nothing of that is read. */
  causeOf(segmentId: string, changed: readonly string[], otherwise: 'CUSTOMER' | 'DEFINITION' | 'TIME'): MoveCause {
    const segment = this.#byId.get(segmentId);
    if (segment === undefined && this.#listed.has(segmentId)) return { kind: 'LIST', subject: null };
    const found = changed.find(name => segment?.reads.has(name));
    return (found === undefined ? undefined : segment?.reads.get(found)) ?? { kind: otherwise, subject: null };
  }

  /** Takes the segments that are marked, and those that a move touches, in order; they come into `segments`, which the facts show, or go. */
  #evaluate(marked: Uint8Array, facts: Facts, segments: Set<string>): { readonly evaluated: number; readonly next: number } {
    let [evaluated, next] = [0, Infinity];
    this.#dynamic.forEach(({ id, holds, nextChange }, i) => {
      if (marked[i] !== 1) return;
      evaluated += 1;
      const is = holds(facts) === true;
      next = Math.min(next, nextChange(facts) ?? Infinity);
      if (is === segments.has(id)) return;
      if (is) segments.add(id);
      else segments.delete(id);
      for (const place of this.#touchedBy.get(`SEGMENT ${id}`) ?? []) marked[place] = 1;
    });
    return { evaluated, next };
  }

  #marked(known: KnownMemberships | undefined, isDue: boolean): Uint8Array {
    const marked = new Uint8Array(this.#dynamic.length);
    if (known === undefined) return marked.fill(1);
    if (isDue) for (const place of this.#byTime) marked[place] = 1;
    for (const name of known.changed) for (const place of this.#touchedBy.get(name) ?? []) marked[place] = 1;
    return marked;
  }
}

function causesIn(condition: Condition): ReadonlyMap<string, MoveCause> {
  const { attributes, features, segments } = readsOf(condition);
  return new Map<string, MoveCause>([
    ...[...attributes].map((it): [string, MoveCause] => [`ATTRIBUTE ${it}`, { kind: 'ATTRIBUTE', subject: it }]),
    ...[...features].map((it): [string, MoveCause] => [`FEATURE ${it}`, { kind: 'FEATURE', subject: it }]),
    ...behavioursOf(condition).map(({ key, event }): [string, MoveCause] => [`FEATURE ${key}`, { kind: 'BEHAVIOUR', subject: event }]),
    ...[...segments].map((it): [string, MoveCause] => [`SEGMENT ${it}`, { kind: 'SEGMENT', subject: it }]),
  ]);
}

/** A segment is evaluated anew also where its own membership is said to be another one: of what a merge brings together, nobody has worked it out. */
function touchedBy(dynamic: readonly Dynamic[]): ReadonlyMap<string, readonly number[]> {
  const touched = new Map<string, number[]>();
  dynamic.forEach(({ id, reads }, place) => {
    for (const name of [...reads.keys(), `SEGMENT ${id}`]) touched.set(name, [...(touched.get(name) ?? []), place]);
  });
  return touched;
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
