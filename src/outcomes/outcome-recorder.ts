import type { PresentIds } from '../customers/customer.js';
import type { DecisionLog } from '../decisions/decision-log.js';
import { timeOfUuidv7 } from '../kernel/ids.js';
import type { Outcome, OutcomeStore, Receipt, RejectionCode } from './outcome.js';

export interface OutcomeRecorderDeps {
  readonly decisions: Pick<DecisionLog, 'find'>;
  readonly presentIds: PresentIds;
  readonly store: OutcomeStore;
  readonly pause: (ms: number) => Promise<unknown>;
  /** Told after the commit, where at least one was accepted. */
  readonly onAccepted: (tenantId: string, accepted: Accepted) => void;
}

export interface Accepted {
  readonly firstImpressions: number;
  readonly conversions: number;
  /** Of the conversions together. */
  readonly value: number;
}

export interface Sender {
  readonly tenantId: string;
  /** Where the sender speaks for one customer only. */
  readonly customerId?: string | undefined;
}

/** Another process may hold a decision this long before it is committed, and a fast client be back by then. */
const commitLag = { youngMs: 5000, waitMs: 150 } as const;

/** Joins outcomes to the decisions that they came of, and keeps each once. */
export class OutcomeRecorder {
  readonly #deps: OutcomeRecorderDeps;

  constructor(deps: OutcomeRecorderDeps) {
    this.#deps = deps;
  }

  /**
   * Resolves after the commit with a receipt for each outcome, in their order.
   * @param outcomes undefined for one that could not be read
   * @param now epoch milliseconds
   * @throws DependencyUnavailable; then all of them may be sent again
   */
  async record(sender: Sender, outcomes: readonly (Outcome | undefined)[], now: number): Promise<readonly Receipt[]> {
    const customers = await this.#customersOf(sender, outcomes.filter(it => it !== undefined), now);
    const fitting = new Map<string, Outcome>();
    const verdicts = outcomes.map((it): RejectionCode | undefined => {
      const code = it === undefined ? 'INVALID_INPUT' : rejectionOf(sender, customers.get(it.decisionId));
      if (it !== undefined && code === undefined && !fitting.has(it.id)) fitting.set(it.id, it);
      return code;
    });
    const added = await this.#add(sender.tenantId, [...fitting.values()]);
    return outcomes.map((it, i): Receipt => {
      const code = verdicts[i];
      if (code !== undefined) return { status: 'rejected', code };
      const isNew = it !== undefined && fitting.get(it.id) === it && added.has(it.id);
      return { status: isNew ? 'accepted' : 'duplicate', code: null };
    });
  }

  async #add(tenantId: string, outcomes: readonly Outcome[]): Promise<ReadonlySet<string>> {
    if (outcomes.length === 0) return new Set();
    const { added, firstImpressions } = await this.#deps.store.add(tenantId, outcomes);
    if (added.size > 0) {
      const conversions = outcomes.filter(it => it.kind === 'conversion' && added.has(it.id));
      const value = conversions.reduce((sum, it) => sum + (it.value ?? 0), 0);
      this.#deps.onAccepted(tenantId, { firstImpressions, conversions: conversions.length, value });
    }
    return added;
  }

  /** The customer of each decision that is there. */
  async #customersOf({ tenantId, customerId: own }: Sender, outcomes: readonly Outcome[], now: number): Promise<ReadonlyMap<string, string>> {
    const customers = new Map<string, string>();
    const look = async (ids: readonly string[]): Promise<void> => {
      if (ids.length === 0) return;
      for (const { request } of await this.#deps.decisions.find(tenantId, ids)) customers.set(request.id, request.customerId);
    };
    const ids = [...new Set(outcomes.map(it => it.decisionId))];
    await look(ids);
    const young = ids.filter(it => !customers.has(it) && Math.abs(now - timeOfUuidv7(it)) < commitLag.youngMs);
    if (young.length > 0) await this.#deps.pause(commitLag.waitMs);
    await look(young);
    return own === undefined ? customers : this.#asSender(tenantId, own, customers);
  }

  /** By whichever id it was decided for the sender's customer: by the sender's. */
  async #asSender(tenantId: string, own: string, customers: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, string>> {
    const others = [...new Set(customers.values())].filter(it => it !== own);
    if (others.length === 0) return customers;
    const present = await this.#deps.presentIds(tenantId, [own, ...others]);
    const isOwn = (id: string): boolean => present.has(own) && present.get(id) === present.get(own);
    return new Map([...customers].map(([decisionId, id]) => [decisionId, isOwn(id) ? own : id]));
  }
}

function rejectionOf({ customerId: own }: Sender, customerId: string | undefined): RejectionCode | undefined {
  if (own !== undefined) return customerId === own ? undefined : 'FORBIDDEN';
  return customerId === undefined ? 'UNKNOWN_DECISION' : undefined;
}
