import type { FeatureHealths, WatchedFeature } from '../features/versions/feature-health.js';
import type { FeatureVersions } from '../features/versions/feature-versions.js';
import { Conflict } from '../kernel/errors.js';
import type { Alert, AlertKind, Alerts } from './alerts.js';
import { breachOf, type Breach } from './judge.js';

export interface FeatureWatchDeps {
  readonly healths: FeatureHealths;
  readonly versions: Pick<FeatureVersions, 'rollBack'>;
  readonly alerts: Alerts;
  /** Does it unless another process is at it. */
  readonly onlyHere: (doing: () => Promise<void>) => Promise<void>;
  /** Told of each alert that is new. */
  readonly alerted: (tenantId: string, alert: Alert) => void;
  readonly now: () => number;
  readonly newId: (now: number) => string;
  readonly onFailure: (error: unknown) => void;
}

const everyMs = 10_000;
const actor = 'guardrail';

/** Looks at the values of features that have limits, and goes back to the version before where one is passed. */
export class FeatureWatch {
  readonly #deps: FeatureWatchDeps;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;

  constructor(deps: FeatureWatchDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer ??= setInterval(() => void this.check(), everyMs).unref();
  }

  /** Resolves when all have been looked at, here or elsewhere. Never rejects. */
  check(): Promise<void> {
    this.#checking ??= this.#deps.onlyHere(() => this.#checkAll()).catch(this.#deps.onFailure).finally(() => { this.#checking = undefined; });
    return this.#checking;
  }

  /** Resolves when nothing is under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  async #checkAll(): Promise<void> {
    for (const feature of await this.#deps.healths.watched()) await this.#look(feature).catch(this.#deps.onFailure);
  }

  async #look(feature: WatchedFeature): Promise<void> {
    const { tenantId, definition: { name, limits = {} } } = feature;
    const { healths, alerts, now } = this.#deps;
    const breach = breachOf(limits, await healths.read(feature, now()));
    if (breach === undefined) await alerts.end(tenantId, `feature/${name}`, now());
    else await this.#act(tenantId, name, breach);
  }

  async #act(tenantId: string, name: string, breach: Breach): Promise<void> {
    try {
      const { featureDefinition: { version = 1 } } = await this.#deps.versions.rollBack(tenantId, actor, { name, reason: { ...breach } });
      await this.#raise(tenantId, name, { kind: 'featureRolledBack', message: `The feature passed its limit (${breach.limit}) and went back to version ${version}.`, details: { ...breach, to: version } });
    } catch (error) {
      if (!(error instanceof Conflict)) throw error;
      await this.#raise(tenantId, name, { kind: 'featureLimit', message: `The feature passes its limit (${breach.limit}), and cannot go back to a version before.`, details: { ...breach } });
    }
  }

  async #raise(tenantId: string, name: string, what: Pick<Alert, 'message' | 'details'> & { readonly kind: AlertKind }): Promise<void> {
    const { alerts, alerted, now, newId } = this.#deps;
    const at = new Date(now());
    const alert: Alert = { id: newId(at.getTime()), at, subject: `feature/${name}`, endedAt: what.kind === 'featureRolledBack' ? at : null, ...what };
    if (await alerts.raise(tenantId, alert)) alerted(tenantId, alert);
  }
}
