import type { Item } from '../content/item.js';
import type { BanditSpec } from '../content/placement.js';
import type { OnlineRecords } from '../customers/online-records.js';
import type { FeatureValue } from '../customers/online-record.js';
import { NotFound } from '../kernel/errors.js';
import { FloatArena } from '../kernel/float-arena.js';
import { seedOf } from '../kernel/hash.js';
import { timeOfUuidv7 } from '../kernel/ids.js';
import type { ModelScorer } from '../models/model-scorer.js';
import type { PlacementPosteriors } from '../models/posteriors.js';
import type { CustomerState, DecisionRequest, Scores } from './decision.js';
import type { DecisionLog } from './decision-log.js';
import type { DecisionRecord, StageTimes } from './decision-record.js';
import { stateOf } from './pipeline/facts.js';
import { finish } from './pipeline/finish.js';
import { encodeRows, modelFor, prepare, scoreInPlace, type Prepared } from './pipeline/prepare.js';
import type { CompiledModel, CompiledPlacement, Snapshot } from './snapshot/snapshot.js';
import type { Snapshots } from './snapshot/snapshots.js';

/** What a caller asks for; all but the customer has a default. */
export interface Ask {
  readonly customerId: string;
  readonly placementId?: string | undefined;
  readonly items?: readonly Item[] | undefined;
  readonly context?: Readonly<Record<string, FeatureValue>> | undefined;
  readonly limit?: number | undefined;
  /** For a decision that continues an earlier one; by default it follows from the id. */
  readonly seed?: number | undefined;
}

export interface Decided {
  readonly record: DecisionRecord;
  readonly snapshot: Snapshot;
  /** False for a stranger. */
  readonly known: boolean;
}

export interface PersonalizerDeps {
  readonly snapshots: Snapshots;
  readonly customers: Pick<OnlineRecords, 'read'>;
  readonly scorer: ModelScorer;
  readonly posteriors: (tenantId: string, placementId: string, spec: BanditSpec) => PlacementPosteriors;
  readonly log: Pick<DecisionLog, 'append'>;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Milliseconds from any fixed point, with fractions. */
  readonly stopwatch: () => number;
  readonly newId: (now: number) => string;
  readonly deadlineMs: number;
  readonly observe: (record: DecisionRecord) => void;
}

/** Shares of the deadline by which a stage is done with, or done without; what is left covers the stages that only compute. */
const gatheredBy = 0.6;
const scoredBy = 0.9;

/** Carries requests through the pipeline: gathers, lets the model score, and hands what was decided to the log. */
export class Personalizer {
  readonly #deps: PersonalizerDeps;
  readonly #rows = new FloatArena();

  constructor(deps: PersonalizerDeps) {
    this.#deps = deps;
  }

  /**
   * One decision for each ask, in order, as one batch.
   * @throws NotFound for an unknown placement, Overloaded where the log has been full for too long
   */
  async decide(tenantId: string, asks: readonly Ask[], deadlineMs?: number): Promise<readonly Decided[]> {
    const decided = await this.compute(tenantId, asks, deadlineMs);
    await this.record(decided);
    return decided;
  }

  /** Decides without logging: nobody may be shown the result before `record` has taken it. */
  async compute(tenantId: string, asks: readonly Ask[], deadlineMs = this.#deps.deadlineMs): Promise<readonly Decided[]> {
    const started = this.#deps.stopwatch();
    const snapshot = this.#deps.snapshots.current(tenantId) ?? (await this.#deps.snapshots.load(tenantId));
    const targets = asks.map(ask => placementOf(ask, snapshot));
    const gathered = await this.#deps.customers.read(tenantId, asks.map(({ customerId }) => customerId), deadlineMs * gatheredBy);
    const gatheredAt = this.#deps.stopwatch();
    const prepared = asks.map((ask, i) => {
      const placement = targets[i] ?? placementOf(ask, snapshot);
      const { record, source } = gathered[i] ?? { record: undefined, source: 'none' as const };
      const request = this.#requestOf(ask, placement);
      const state = stateOf(source === 'none' ? undefined : record, sources[source], placement, request);
      return prepare(request, state, snapshot, placement);
    });
    const preparedAt = this.#deps.stopwatch();
    const scores = await this.#score(tenantId, prepared, snapshot, Math.max(1, deadlineMs * scoredBy - (preparedAt - started)));
    const scoredAt = this.#deps.stopwatch();
    return prepared.map((it, i): Decided => {
      const of = scores[i] ?? { source: 'unavailable' };
      const answer = finish(it, of);
      const times: StageTimes = {
        gather: gatheredAt - started,
        rules: preparedAt - gatheredAt,
        score: scoredAt - preparedAt,
        total: this.#deps.stopwatch() - started,
      };
      return {
        record: { tenantId, request: it.request, state: it.state, scores: of, snapshotVersion: snapshot.version, answer, times },
        snapshot,
        known: it.state.known,
      };
    });
  }

  async record(decided: readonly Decided[]): Promise<void> {
    await this.#deps.log.append(decided.map(({ record }) => record));
    for (const { record } of decided) this.#deps.observe(record);
  }

  #requestOf({ customerId, items, context, limit, seed }: Ask, { placement }: CompiledPlacement): DecisionRequest {
    const id = this.#deps.newId(this.#deps.now());
    return {
      id,
      customerId,
      placementId: placement.id,
      ...(items && { items }),
      context: context ?? {},
      limit: limit ?? placement.slots,
      seed: seed ?? seedOf(id),
      decidedAt: timeOfUuidv7(id),
    };
  }

  /** All rows for one model go to it together, whichever decisions they belong to. */
  async #score(tenantId: string, prepared: readonly Prepared[], snapshot: Snapshot, timeoutMs: number): Promise<readonly Scores[]> {
    const byModel = new Map<CompiledModel, number[]>();
    const scores = prepared.map((it, i): Scores => {
      if (it.scorer.kind !== 'model') return scoreInPlace(it, spec => this.#deps.posteriors(tenantId, it.request.placementId, spec));
      const model = modelFor(it, snapshot);
      if (model === undefined) return { source: 'unavailable' };
      const members = byModel.get(model);
      if (members === undefined) byModel.set(model, [i]);
      else members.push(i);
      return { source: 'unavailable' };
    });
    const runs = Array.from(byModel, async ([model, members]) => {
      const values = await this.#run(tenantId, model, members.length === prepared.length ? prepared : members.flatMap(i => prepared[i] ?? []), timeoutMs);
      if (values === undefined) return;
      let first = 0;
      for (const i of members) {
        const count = prepared[i]?.survivors.length ?? 0;
        scores[i] = { source: 'model', modelId: model.model.id, values: numbersOf(values, first, count) };
        first += count;
      }
    });
    await (runs.length === 1 ? runs[0] : Promise.all(runs));
    return scores;
  }

  async #run(tenantId: string, model: CompiledModel, prepared: readonly Prepared[], timeoutMs: number): Promise<Float32Array | undefined> {
    const count = prepared.reduce((sum, { survivors }) => sum + survivors.length, 0);
    const rows = this.#rows.take(count * model.width);
    let first = 0;
    for (const it of prepared) {
      encodeRows(it, model, rows, first);
      first += it.survivors.length;
    }
    try {
      return await this.#deps.scorer.score(tenantId, { model: model.model, rows, count, timeoutMs });
    } catch {
      return undefined; // The scorer counts and logs its failures; the answer says NO_MODEL.
    }
  }
}

/** Twice as quick as Array.from. */
function numbersOf(values: Float32Array, first: number, count: number): readonly number[] {
  const numbers: number[] = [];
  for (let i = first; i < first + count; i++) numbers.push(values[i] ?? 0);
  return numbers;
}

const sources = { store: 'current', database: 'current', 'stale copy': 'stale', none: 'none' } as const satisfies Record<string, CustomerState['source']>;

function placementOf({ placementId }: Ask, snapshot: Snapshot): CompiledPlacement {
  const id = placementId ?? snapshot.defaultPlacementId;
  const placement = id === undefined ? undefined : snapshot.placements.get(id);
  if (placement === undefined) throw new NotFound('There is no such placement; `placements` lists those there are.');
  return placement;
}
