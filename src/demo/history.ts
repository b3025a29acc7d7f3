import type { Facts } from '../conditions/condition.js';
import { compileCondition } from '../conditions/evaluate.js';
import type { FeatureReading, FeatureValue, OnlineRecord } from '../customers/online-record.js';
import type { DecisionRequest, Scores } from '../decisions/decision.js';
import type { DecisionRecord } from '../decisions/decision-record.js';
import { stableUuidv7 } from '../decisions/import/stable-id.js';
import { stateOf } from '../decisions/pipeline/facts.js';
import { finish } from '../decisions/pipeline/finish.js';
import { encodeRows, modelFor, prepare, scoreInPlace, type Prepared } from '../decisions/pipeline/prepare.js';
import type { Snapshot } from '../decisions/snapshot/snapshot.js';
import { seedOf } from '../kernel/hash.js';
import type { Random } from '../kernel/random.js';
import type { LogisticWeights } from '../models/onnx-logistic.js';
import type { PlacementPosteriors } from '../models/posteriors.js';
import { demoPlacements, demoSegments, windowDays } from './configuration.js';
import { featuresAt } from './customer-features.js';
import type { DemoCustomer, Device } from './customers.js';
import { scoreLogistic } from './train-model.js';
import { clickProbability } from './truth.js';
import { deviceOf, timeOfDay } from './visits.js';
import { demoTenant, type DemoWorld } from './world.js';

export interface DemoOutcome {
  readonly id: string;
  readonly decisionId: string;
  readonly kind: 'impression' | 'click' | 'conversion';
  readonly value: number | null;
  /** Epoch milliseconds. */
  readonly at: number;
}

/** One decision and what came of it. */
export interface Trial {
  readonly record: DecisionRecord;
  readonly facts: Facts;
  /** True probability of the click; for the judges alone. */
  readonly probability: number;
  readonly clicked: boolean;
  readonly outcomes: readonly DemoOutcome[];
}

/** Somebody who is to be shown something. */
export interface Encounter {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly customer: DemoCustomer;
  readonly deviceType: Device;
  readonly placementId: string;
}

/** What decides at some time of the history. */
export interface Brain {
  readonly snapshot: Snapshot;
  readonly model: LogisticWeights | undefined;
  readonly posteriorsOf: (placementId: string) => PlacementPosteriors;
}

const dayMs = 86_400_000;
/** Of the encounters, by placement; the rest is the last one's. */
const shares = [0.5, 0.25, 0.15, 0.1] as const;
const lastMinutesMs = 600_000;

/** Encounters of the month before the world's now, oldest first. Who comes more often is met more often. */
export function encountersOf(world: DemoWorld, count: number, random: Random): readonly Encounter[] {
  const from = world.now - windowDays * dayMs;
  const times = Array.from({ length: count }, () => timeOfDay(from, world.now - lastMinutesMs, random)).sort((a, b) => a - b);
  return times.map(at => {
    const customer = customerAt(world, at, random);
    return { at, customer, deviceType: deviceOf(customer, random), placementId: placementBy(random()) };
  });
}

/** One who had signed up by then; likelier one who is active. */
export function customerAt({ customers }: DemoWorld, at: number, random: Random): DemoCustomer {
  for (;;) {
    const customer = customers[Math.floor(random() * customers.length)];
    if (customer !== undefined && customer.signedUpAt <= at && random() < 0.1 + 0.9 * customer.traits.activity) return customer;
  }
}

function placementBy(draw: number): string {
  let left = draw;
  const index = shares.findIndex(share => (left -= share) < 0);
  return (demoPlacements[index] ?? demoPlacements[demoPlacements.length - 1])?.id ?? '';
}

/** Carries one encounter through the pipeline that serves live requests, and draws what comes of it from the truth. */
export function meet(world: DemoWorld, { at, customer, deviceType, placementId }: Encounter, brain: Brain, random: Random): Trial {
  const { snapshot } = brain;
  const placement = snapshot.placements.get(placementId);
  if (placement === undefined) throw new RangeError('The encounter is in a placement that is not there');
  const known = recordAt(world, customer, at);
  const id = stableUuidv7(at, `${customer.id} ${placementId}`);
  const request: DecisionRequest = {
    id,
    customerId: customer.id,
    placementId,
    context: { deviceType },
    limit: placement.placement.slots,
    seed: seedOf(id),
    decidedAt: at,
  };
  const state = stateOf(known, 'current', placement, request);
  const prepared = prepare(request, state, snapshot, placement);
  const scores = scoresOf(prepared, brain);
  const answer = finish(prepared, scores);
  const record: DecisionRecord = {
    tenantId: demoTenant.id,
    request,
    state,
    scores,
    snapshotVersion: snapshot.version,
    answer,
    times: { gather: 0, rules: 0, score: 0, total: 0 },
  };
  const facts = { ...prepared.read.facts, ...factsOf(known), segments: new Set(known.segments), now: at };
  return { record, facts, ...resultOf(world, record, { at, customer, deviceType, placementId }, random) };
}

function scoresOf(prepared: Prepared, { snapshot, model, posteriorsOf }: Brain): Scores {
  if (prepared.scorer.kind !== 'model') return scoreInPlace(prepared, () => posteriorsOf(prepared.request.placementId));
  const compiled = modelFor(prepared, snapshot);
  if (compiled === undefined || model === undefined) return { source: 'unavailable' };
  const rows = new Float32Array(prepared.survivors.length * compiled.width);
  encodeRows(prepared, compiled, rows, 0);
  return { source: 'model', modelId: compiled.model.id, values: Array.from(scoreLogistic(model, rows)) };
}

const minuteMs = 60_000;
const conversionRate = 0.18;

function resultOf({ items }: DemoWorld, { request, answer }: DecisionRecord, { at, customer, deviceType }: Encounter, random: Random): Omit<Trial, 'record' | 'facts'> {
  const item = items.find(({ id }) => id === answer.selectedItemId);
  const probability = item === undefined ? 0 : clickProbability(customer, item, { at, deviceType });
  const clicked = random() < probability;
  const clickedAt = at + Math.floor((1 + 30 * random()) * 1000);
  const bought = random() < conversionRate && clicked && item?.price !== undefined;
  const outcome = (kind: DemoOutcome['kind'], value: number | null, when: number): DemoOutcome => ({ id: `${request.id}-${kind}`, decisionId: request.id, kind, value, at: when });
  return {
    probability,
    clicked,
    outcomes: [
      outcome('impression', null, at + 200),
      ...(clicked ? [outcome('click', null, clickedAt)] : []),
      ...(bought ? [outcome('conversion', Number(item.price.amount), clickedAt + 4 * minuteMs)] : []),
    ],
  };
}

/** What the shop knew of the customer: features as of the midnight before, segments as of the moment. */
export function recordAt(world: DemoWorld, { id, attributes }: DemoCustomer, at: number): OnlineRecord {
  const features = featuresAt(world.events.get(id) ?? [], Math.floor(at / dayMs) * dayMs);
  return { customerId: id, known: true, version: 1, attributes, features, segments: segmentsOf(world, { id, attributes, features }, at), consents: {} };
}

const conditions = demoSegments.map(({ id, condition }) => ({ id, holds: condition && compileCondition(condition) }));

/** Ids of the segments that the customer is in. */
export function segmentsOf(
  { wineCircle }: DemoWorld,
  { id, attributes, features }: { readonly id: string; readonly attributes: OnlineRecord['attributes']; readonly features: Readonly<Record<string, FeatureReading>> },
  at: number,
): readonly string[] {
  const facts: Facts = { ...factsOf({ attributes, features }), context: {}, item: {}, behaviours: {}, segments: new Set(), now: at };
  return conditions.filter(it => (it.holds ? it.holds(facts) === true : wineCircle.includes(id))).map(it => it.id);
}

function factsOf({ attributes, features }: Pick<OnlineRecord, 'attributes' | 'features'>): Pick<Facts, 'attributes' | 'features'> {
  const values: Record<string, FeatureValue> = {};
  for (const [name, { value }] of Object.entries(features)) values[name] = value;
  return { attributes, features: values };
}
