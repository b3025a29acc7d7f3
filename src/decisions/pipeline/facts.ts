import { countsAmong } from '../../conditions/behaviour.js';
import type { Facts } from '../../conditions/condition.js';
import { isOfType, type FeatureReading, type FeatureValue, type OnlineRecord } from '../../customers/online-record.js';
import { isStale } from '../../features/feature.js';
import type { CustomerState, DecisionRequest } from '../decision.js';
import type { CompiledPlacement, Snapshot } from '../snapshot/snapshot.js';
import { withhold } from './withhold.js';

/** Facts of one decision, whose `item` is set to each candidate in turn: one object serves all of them. */
export type MovingFacts = { -readonly [K in keyof Facts]: Facts[K] };

export interface ReadFacts {
  readonly facts: MovingFacts;
  /** Names of features that were read and are older than their time to live. */
  readonly stale: readonly string[];
}

const nothing: Facts['item'] = {};

export function readFacts(request: DecisionRequest, state: CustomerState, snapshot: Snapshot, placement: CompiledPlacement): ReadFacts {
  const features: Record<string, FeatureValue> = {};
  const stale: string[] = [];
  for (const name in state.features) {
    const definition = snapshot.features.get(name);
    const reading = state.features[name];
    if (definition === undefined || reading === undefined) continue;
    features[name] = reading.value;
    if (isStale(definition, reading, request.decidedAt)) stale.push(name);
  }
  for (const name of placement.reads.features) {
    if (features[name] !== undefined) continue;
    const standIn = snapshot.features.get(name)?.defaultValue;
    if (standIn !== undefined) features[name] = standIn;
  }
  const facts: MovingFacts = {
    attributes: state.attributes,
    features,
    context: contextOf(request, placement.placement.hemisphere),
    item: nothing,
    behaviours: behavioursOf(state, placement),
    segments: membershipsOf(state),
    now: request.decidedAt,
  };
  return { facts, stale };
}

const noBehaviours: Facts['behaviours'] = {};

/** Nobody has seen a stranger do anything. */
function behavioursOf({ known, source, features }: CustomerState, { reads }: CompiledPlacement): Facts['behaviours'] {
  if (reads.behaviours.size === 0) return noBehaviours;
  if (known || source === 'none') return countsAmong(features);
  return Object.fromEntries(Array.from(reads.behaviours.keys(), key => [key, 0]));
}

/** What was withheld is not known, which is neither in nor out. */
function membershipsOf({ source, segments, withheld }: CustomerState): Facts['segments'] {
  if (source === 'none') return undefined;
  const of = new Set(segments);
  if (withheld === undefined) return of;
  const hidden = new Set(withheld.flatMap(it => (it.kind === 'SEGMENT' ? [it.name] : [])));
  return { has: id => (hidden.has(id) ? undefined : of.has(id)) };
}

const seasons = ['winter', 'spring', 'summer', 'autumn'] as const;

/** The caller's context, and what follows from the time: `hour` [0, 24), `dayOfWeek` (0 is Sunday) and `season`, in UTC. */
function contextOf({ context, decidedAt }: DecisionRequest, hemisphere: 'north' | 'south'): Facts['context'] {
  const time = new Date(decidedAt);
  const quarter = Math.floor(((time.getUTCMonth() + 1) % 12) / 3);
  const season = seasons[(quarter + (hemisphere === 'south' ? 2 : 0)) % 4] ?? 'winter';
  return { hour: time.getUTCHours(), dayOfWeek: time.getUTCDay(), season, ...context };
}

/**
 * The part of a customer's record that decisions in the placement can rest on: what the log keeps, and what the pipeline sees.
 * @param record undefined where nothing could be read
 */
export function stateOf(
  record: OnlineRecord | undefined,
  source: CustomerState['source'],
  placement: CompiledPlacement,
  { items, context, decidedAt }: Pick<DecisionRequest, 'items' | 'context' | 'decidedAt'>,
): CustomerState {
  const { reads, guard } = placement;
  if (record === undefined) {
    const features = Object.entries(contextualOf(reads, context, decidedAt)).filter(([name]) => guard?.features.has(name) !== true);
    return { known: false, source: 'none', attributes: {}, features: Object.fromEntries(features), segments: [] };
  }
  const attributes: Record<string, FeatureValue> = {};
  const features: Record<string, FeatureReading> = {};
  for (const name of reads.attributes) copy(record.attributes, attributes, name);
  for (const name of reads.features) copy(record.features, features, name);
  if (items !== undefined && reads.featuresByCategory.length + reads.attributesByCategory.length > 0) {
    for (const category of new Set(items.map(it => it.category))) {
      for (const [before, after] of reads.featuresByCategory) copy(record.features, features, before + category + after);
      for (const [before, after] of reads.attributesByCategory) copy(record.attributes, attributes, before + category + after);
    }
  }
  if (reads.contextual.length > 0) Object.assign(features, contextualOf(reads, context, decidedAt));
  const segments = record.segments.filter(it => reads.segments.includes(it));
  const state: CustomerState = { known: record.known, source, attributes, features, segments, unit: record.unit };
  return guard === undefined ? state : withhold(state, guard, record.consents, decidedAt);
}

/** Features that the caller's context gives, where it has them in the right type. */
function contextualOf({ contextual }: CompiledPlacement['reads'], context: DecisionRequest['context'], at: number): Readonly<Record<string, FeatureReading>> {
  const readings: Record<string, FeatureReading> = {};
  for (const [name, type] of contextual) {
    const value = Object.hasOwn(context, name) ? context[name] : undefined;
    if (value !== undefined && isOfType(value, type)) readings[name] = { value, at };
  }
  return readings;
}

function copy<T>(from: Readonly<Record<string, T>>, to: Record<string, T>, name: string): void {
  const value = from[name];
  if (value !== undefined && Object.hasOwn(from, name)) to[name] = value;
}
