import { isGranted, type Consents } from '../../customers/consent.js';
import type { FeatureValue, ValueType } from '../../customers/online-record.js';
import type { DecisionRecord } from '../../decisions/decision-record.js';
import type { Snapshot } from '../../decisions/snapshot/snapshot.js';
import type { FeatureDefinition } from '../../features/feature.js';
import type { PastAsk, PointInTime } from '../../features/history/point-in-time.js';
import { NotFound } from '../../kernel/errors.js';
import type { OutcomeKind } from '../../outcomes/outcome.js';
import { rewardAfter } from '../reward.js';

export interface TrainingSetRequest {
  readonly placementId: string;
  /** Decisions from this time on, in epoch milliseconds. */
  readonly from: number;
  /** And before this one. */
  readonly to: number;
  readonly features: readonly string[];
}

export interface TrainingDecision {
  readonly record: DecisionRecord;
  readonly kinds: readonly OutcomeKind[];
  /** Sum of the conversions' values; null where none told one. */
  readonly conversionValue: number | null;
  /** What the customer consents to now. */
  readonly consents: Consents;
}

export interface TrainingDecisions {
  /** Of the own log, in the order of time, by pages that are never empty. */
  pages(tenantId: string, of: Omit<TrainingSetRequest, 'features'>): AsyncIterable<readonly TrainingDecision[]>;
}

export type ColumnType = ValueType | 'time';

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
}

/** By column. A missing value is null. */
export type TrainingRow = Readonly<Record<string, FeatureValue | Date | null>>;

export interface TrainingSet {
  readonly columns: readonly Column[];
  readonly rows: AsyncIterable<TrainingRow>;
}

export interface TrainingSetsDeps {
  readonly decisions: TrainingDecisions;
  readonly pointInTime: PointInTime;
  readonly snapshots: { load(tenantId: string): Promise<Snapshot>; at(tenantId: string, version: number): Promise<Snapshot> };
}

const decisionColumns: readonly Column[] = [
  { name: 'decisionId', type: 'string' },
  { name: 'decidedAt', type: 'time' },
  { name: 'customerId', type: 'string' },
  { name: 'itemId', type: 'string' },
  { name: 'propensity', type: 'number' },
  { name: 'level', type: 'string' },
];
const outcomeColumns: readonly Column[] = [
  { name: 'impression', type: 'boolean' },
  { name: 'click', type: 'boolean' },
  { name: 'conversion', type: 'boolean' },
  { name: 'conversionValue', type: 'number' },
  { name: 'reward', type: 'number' },
];

/** Column of a feature: apart from those of the decision, whatever the feature is called. */
const columnOf = (feature: string): string => `feature.${feature}`;

/** A row for each decision: features as they were when it was made, and what came of it. */
export class TrainingSets {
  readonly #deps: TrainingSetsDeps;

  constructor(deps: TrainingSetsDeps) {
    this.#deps = deps;
  }

  /** @throws NotFound for a placement or a feature that is not there, before any row */
  async open(tenantId: string, request: TrainingSetRequest): Promise<TrainingSet> {
    const snapshot = await this.#deps.snapshots.load(tenantId);
    if (!snapshot.placements.has(request.placementId)) throw new NotFound('There is no such placement', { details: { path: '/placement' } });
    const features = request.features.map((name, i) => {
      const definition = snapshot.features.get(name);
      if (definition === undefined) throw new NotFound('There is no such feature', { details: { path: `/features/${i}` } });
      return definition;
    });
    const columns = [...decisionColumns, ...features.map(({ name, valueType }) => ({ name: columnOf(name), type: valueType })), ...outcomeColumns];
    return { columns, rows: this.#rows(tenantId, request, features) };
  }

  async *#rows(tenantId: string, request: TrainingSetRequest, features: readonly FeatureDefinition[]): AsyncGenerator<TrainingRow> {
    for await (const page of this.#deps.decisions.pages(tenantId, request)) {
      const snapshots = await Promise.all(page.map(it => this.#deps.snapshots.at(tenantId, it.record.snapshotVersion)));
      const unread = page.map((it, i) => features.filter(({ name }) => !isInRecord(it, snapshots[i], name)));
      const past = await this.#past(tenantId, page, unread);
      for (const [i, decision] of page.entries()) yield rowOf(decision, features, { snapshot: snapshots[i], past: past[i] ?? new Map() });
    }
  }

  /** What the decisions did not read, as it could have been read when they were made. */
  async #past(tenantId: string, page: readonly TrainingDecision[], unread: readonly (readonly FeatureDefinition[])[]): Promise<readonly ReadonlyMap<string, FeatureValue | null>[]> {
    const names = [...new Set(unread.flatMap(it => it.map(({ name }) => name)))];
    if (names.length === 0) return [];
    const asks = page.map(({ record: { request, snapshotVersion } }): PastAsk => ({ customerId: request.customerId, at: request.decidedAt, configuration: snapshotVersion }));
    const found = await this.#deps.pointInTime.read(tenantId, asks, names);
    return page.map(({ consents, record }, i) => new Map((unread[i] ?? []).map(({ name, purposes = [] }) => {
      const isAllowed = purposes.every(it => isGranted(consents, it, record.request.decidedAt));
      return [name, isAllowed ? (found[i]?.get(name)?.value ?? null) : null];
    })));
  }
}

/** What the decision read is in its record, missing values too. */
function isInRecord({ record: { request, state } }: TrainingDecision, snapshot: Snapshot | undefined, name: string): boolean {
  return Object.hasOwn(state.features, name) || snapshot?.placements.get(request.placementId)?.reads.features.includes(name) === true;
}

function rowOf(
  { record: { request, state, answer }, kinds, conversionValue }: TrainingDecision,
  features: readonly FeatureDefinition[],
  { snapshot, past }: { readonly snapshot: Snapshot | undefined; readonly past: ReadonlyMap<string, FeatureValue | null> },
): TrainingRow {
  const isWithheld = (name: string): boolean => state.withheld?.some(it => it.kind === 'FEATURE' && it.name === name) === true;
  const valueOf = (name: string): FeatureValue | null => {
    const kept = past.get(name);
    if (kept !== undefined) return kept;
    const read = Object.hasOwn(state.features, name) ? state.features[name]?.value : undefined;
    return read ?? (isWithheld(name) ? null : (snapshot?.features.get(name)?.defaultValue ?? null));
  };
  return {
    decisionId: request.id,
    decidedAt: new Date(request.decidedAt),
    customerId: request.customerId,
    itemId: answer.selectedItemId,
    propensity: answer.propensity,
    level: answer.level,
    ...Object.fromEntries(features.map(({ name }) => [columnOf(name), valueOf(name)])),
    impression: kinds.includes('impression'),
    click: kinds.includes('click'),
    conversion: kinds.includes('conversion'),
    conversionValue,
    reward: rewardAfter(0, kinds),
  };
}
