import { Erased, NotFound } from '../kernel/errors.js';
import type { DecisionLog } from './decision-log.js';
import type { DecisionRecord } from './decision-record.js';
import { explain, type Explanation } from './explain.js';
import type { Decided } from './personalizer.js';
import { replay } from './replay.js';
import type { Snapshots } from './snapshot/snapshots.js';

/** Reads the log: what was decided, whether it would be decided again, and why. */
export class Decisions {
  readonly #log: Pick<DecisionLog, 'find'>;
  readonly #snapshots: Snapshots;

  constructor(log: Pick<DecisionLog, 'find'>, snapshots: Snapshots) {
    this.#log = log;
    this.#snapshots = snapshots;
  }

  /** Each with the snapshot that it was made by; undefined where the tenant has no such decision. In the order of the ids. */
  async find(tenantId: string, ids: readonly string[]): Promise<readonly (Decided | undefined)[]> {
    const found = new Map((await this.#log.find(tenantId, ids)).map(record => [record.request.id, record]));
    return Promise.all(ids.map(async id => {
      const record = found.get(id);
      return record && this.#withSnapshot(record);
    }));
  }

  /** @throws NotFound, Erased */
  async replay(tenantId: string, id: string): Promise<{ readonly logged: Decided; readonly replayed: Decided | null; readonly identical: boolean }> {
    const logged = await this.#one(tenantId, id);
    if (logged.record.state.source === 'erased') throw new Erased('The customer has been erased, and with them what the decision rested on');
    const { answer, identical } = replay(logged.record, logged.snapshot);
    return { logged, replayed: answer === undefined ? null : { ...logged, record: { ...logged.record, answer } }, identical };
  }

  /** @throws NotFound */
  async explain(tenantId: string, id: string, itemId: string): Promise<Explanation> {
    return explain(await this.#one(tenantId, id), itemId);
  }

  async #one(tenantId: string, id: string): Promise<Decided> {
    const [found] = await this.find(tenantId, [id]);
    if (found === undefined) throw new NotFound('There is no such decision.');
    return found;
  }

  async #withSnapshot(record: DecisionRecord): Promise<Decided> {
    return { record, snapshot: await this.#snapshots.at(record.tenantId, record.snapshotVersion), known: record.state.known };
  }
}
