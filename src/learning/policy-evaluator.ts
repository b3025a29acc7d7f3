import type { BanditSpec } from '../content/placement.js';
import type { Snapshots } from '../decisions/snapshot/snapshots.js';
import { LimitExceeded, NotFound } from '../kernel/errors.js';
import { seedOf } from '../kernel/hash.js';
import { seededRandom } from '../kernel/random.js';
import { replayTrial, uniformChoice, type LoggedDecisions } from './logged-decision.js';
import { estimateOffPolicy, type LoggedChoice } from './off-policy/estimators.js';
import { LinearPolicy } from './off-policy/linear-policy.js';
import { replayPolicy, type LoggedTrial } from './off-policy/replay-method.js';
import type { PolicyEvaluation, PolicyQuestion } from './policy-evaluation.js';

/** Some 60 bytes each stay in memory until all have been read. */
const mostDecisions = 1_000_000;

/** Of a placement without one: it learns which items are good, whoever looks at them. */
const plainBandit: BanditSpec = { features: [], lambda: 1, alpha: 1 };

/** Estimates from a log what another policy would have got, without showing anything to anybody. */
export class PolicyEvaluator {
  readonly #decisions: LoggedDecisions;
  readonly #snapshots: Pick<Snapshots, 'load'>;

  constructor(decisions: LoggedDecisions, snapshots: Pick<Snapshots, 'load'>) {
    this.#decisions = decisions;
    this.#snapshots = snapshots;
  }

  /** @throws NotFound for an unknown placement, LimitExceeded for a log that is too long to be weighed at once */
  async evaluate(tenantId: string, question: PolicyQuestion): Promise<PolicyEvaluation> {
    const { placementId } = question;
    const placement = placementId === undefined ? undefined : (await this.#snapshots.load(tenantId)).placements.get(placementId);
    if (placementId !== undefined && placement === undefined) throw new NotFound('There is no such placement', { details: { path: '/placementId' } });
    switch (question.policy) {
      case 'uniform':
        return this.#weigh(tenantId, question);
      case 'linucb':
        return this.#replay(tenantId, question, placement?.placement.bandit ?? plainBandit);
    }
  }

  async #weigh(tenantId: string, question: PolicyQuestion): Promise<PolicyEvaluation> {
    const choices: LoggedChoice[] = [];
    for await (const page of this.#decisions.pages(tenantId, question.log, question.placementId)) {
      choices.push(...page.map(uniformChoice).filter(it => it !== undefined));
      if (choices.length > mostDecisions) throw new LimitExceeded('The log is too long; ask about one placement', { details: { limit: mostDecisions } });
    }
    const { rows, effectiveSampleSize, maxWeight, ...estimates } = estimateOffPolicy(choices);
    const all = { ...question, decisions: rows, replay: null, effectiveSampleSize, maxWeight, supported: estimates.supported };
    return estimates.supported
      ? { ...all, ips: estimates.ips, snips: estimates.snips, reason: null }
      : { ...all, ips: null, snips: null, reason: rows === 0 ? 'NO_DECISIONS' : estimates.reason };
  }

  async #replay(tenantId: string, question: PolicyQuestion, spec: BanditSpec): Promise<PolicyEvaluation> {
    const random = seededRandom(seedOf(`${question.policy} on ${question.log}`));
    const result = await replayPolicy(this.#trials(tenantId, question, spec), new LinearPolicy(spec, { kind: 'greedy' }), random);
    const all = { ...question, decisions: result.rows, ips: null, snips: null, effectiveSampleSize: result.matched, maxWeight: result.matched > 0 ? 1 : 0 };
    if (!result.supported) return { ...all, replay: null, supported: false, reason: result.rows === 0 ? 'NO_DECISIONS' : result.reason };
    const { value, low, high, matched } = result;
    return { ...all, replay: { value, low, high, matched }, supported: true, reason: null };
  }

  async *#trials(tenantId: string, { log, placementId }: PolicyQuestion, spec: BanditSpec): AsyncGenerator<LoggedTrial> {
    for await (const page of this.#decisions.pages(tenantId, log, placementId)) {
      yield* page.map(it => replayTrial(it, spec)).filter(it => it !== undefined);
    }
  }
}
