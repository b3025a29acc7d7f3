import type { FeatureValue } from '../../customers/online-record.js';
import { Conflict, InvalidInput, NotFound } from '../../kernel/errors.js';
import type { Json } from '../../kernel/json.js';
import { allLive, liveIds, oneLive, put, remove, type Kind } from '../../tenants/definition-kind.js';
import type { Definitions, LiveDefinitions } from '../../tenants/definitions.js';
import { checkEventTypes, checkFeature } from '../check-feature.js';
import type { ParseExpression } from '../derived.js';
import { checkUnread, readersOfFeatures } from '../feature-uses.js';
import { kindOf, versionOf, type FeatureDefinition } from '../feature.js';
import type { FeatureJob, FeatureVersionStore } from './feature-version-store.js';
import { driftFrom, profileOf, type Drift, type Profile } from './profile.js';
import { isSameComputation, lastOf, nextVersion, restored, versionBefore } from './version.js';

export interface FeatureVersionsDeps {
  readonly definitions: Definitions;
  readonly store: FeatureVersionStore;
  readonly kinds: { readonly live: Kind<FeatureDefinition>; readonly candidate: Kind<FeatureDefinition> };
  readonly parseExpression: ParseExpression;
  /** Told of work that has come up. */
  readonly wake: () => void;
  readonly now: () => number;
}

export interface FeatureVersion {
  readonly version: number;
  readonly state: 'LIVE' | 'CANDIDATE' | 'PAST';
  readonly definition: FeatureDefinition;
  /** The last work over all customers for this version, if any. */
  readonly job: FeatureJob | null;
}

export interface Side {
  readonly version: number;
  readonly profile: Profile;
}

export interface FeatureComparison {
  readonly name: string;
  readonly live: Side;
  readonly candidate: Side;
  /** Of the candidate's values from the live ones; undefined where there are too few. */
  readonly drift: Drift | undefined;
  /** Share of the customers whose values differ. */
  readonly differing: number;
}

export interface Changed {
  readonly featureDefinition: FeatureDefinition;
  readonly configurationVersion: number;
}

export interface RollBack {
  readonly name: string;
  /** By default the version before. */
  readonly version?: number | undefined;
  /** Told in the audit log. */
  readonly reason?: Readonly<Record<string, Json>> | undefined;
}

const mostCompared = 20_000;

/** Ways of computing a feature's values: tried in the shadow, taken into use, and gone back from. */
export class FeatureVersions {
  readonly #deps: FeatureVersionsDeps;

  constructor(deps: FeatureVersionsDeps) {
    this.#deps = deps;
  }

  /** Oldest first. @throws NotFound */
  async list(tenantId: string, name: string): Promise<readonly FeatureVersion[]> {
    const { definitions, store, kinds } = this.#deps;
    const [past, [live], [candidate], jobs] = await Promise.all([
      definitions.past(tenantId, 'feature', name), definitions.find(tenantId, 'feature', [name]), definitions.find(tenantId, 'featureCandidate', [name]), store.jobs(tenantId, name),
    ]);
    if (live === undefined) throw noFeature();
    const all = new Map(past.map(it => kinds.live.parse(it.body)).map(it => [versionOf(it), it]));
    const inForce = versionOf(kinds.live.parse(live.body));
    const jobOf = (version: number): FeatureJob | null => jobs.find(it => it.version === version) ?? null;
    const versions = [...all].map(([version, definition]): FeatureVersion => ({ version, definition, state: version === inForce ? 'LIVE' : 'PAST', job: jobOf(version) }));
    const proposed = candidate && kinds.candidate.parse(candidate.body);
    if (proposed !== undefined) versions.push({ version: versionOf(proposed), definition: proposed, state: 'CANDIDATE', job: jobOf(versionOf(proposed)) });
    return versions.sort((a, b) => a.version - b.version);
  }

  /**
   * Begins to compute a candidate beside what is live, in place of an earlier candidate. Nothing that decisions see changes.
   * @throws NotFound where there is no such feature, Conflict where the candidate computes nothing new, InvalidInput where it is not computed here
   */
  async propose(tenantId: string, actor: string, proposed: FeatureDefinition): Promise<Changed> {
    const { kinds, parseExpression } = this.#deps;
    const { name } = proposed;
    if (proposed.aggregate === undefined && proposed.expression === undefined) throw new InvalidInput('A candidate is computed from events or other features', { details: { path: '/kind' } });
    let candidate = proposed;
    const configurationVersion = await this.#deps.definitions.change(tenantId, actor, async found => {
      const live = await this.#live(found, name);
      if (isSameComputation(live, proposed)) throw new Conflict('The candidate computes what is computed now', { details: { path: '' } });
      const others = (await allLive(kinds.live, found)).filter(it => it.name !== name);
      checkEventTypes(proposed, await liveIds('eventType', found));
      checkFeature(proposed, [...others, live], parseExpression);
      candidate = { ...proposed, version: nextVersion([...(await this.#past(found, name)), ...(await this.#past(found, name, 'candidate'))]) };
      return [put(kinds.candidate, name, candidate)];
    }, { action: 'propose', details: {} });
    await this.#deps.store.start(tenantId, name, { kind: 'fill', version: versionOf(candidate) }, this.#deps.now());
    this.#deps.wake();
    return { featureDefinition: candidate, configurationVersion };
  }

  /** @throws NotFound, Conflict while the candidate is still being filled */
  async compare(tenantId: string, name: string): Promise<FeatureComparison> {
    const all = await this.list(tenantId, name);
    const live = all.find(it => it.state === 'LIVE');
    const candidate = all.find(it => it.state === 'CANDIDATE');
    if (live === undefined || candidate === undefined) throw noCandidate();
    checkFilled(candidate.job);
    const pairs = await this.#deps.store.shadow(tenantId, { name, version: candidate.version, most: mostCompared });
    const [before, after] = [profileOf(pairs.map(it => it.live)), profileOf(pairs.map(it => it.candidate))];
    const differing = pairs.filter(it => JSON.stringify(it.live) !== JSON.stringify(it.candidate)).length;
    return {
      name,
      live: { version: live.version, profile: before },
      candidate: { version: candidate.version, profile: after },
      drift: driftFrom(before, pairs.map(it => it.candidate)),
      differing: pairs.length === 0 ? 0 : differing / pairs.length,
    };
  }

  /** The candidate becomes what is live; all customers are computed anew behind the answer. @throws NotFound, Conflict while it is still being filled */
  async promote(tenantId: string, actor: string, name: string): Promise<Changed> {
    const { definitions, store, kinds, parseExpression } = this.#deps;
    const jobs = await store.jobs(tenantId, name);
    let promoted: FeatureDefinition | undefined;
    const configurationVersion = await definitions.change(tenantId, actor, async found => {
      const candidate = await oneLive(kinds.candidate, found, name);
      if (candidate === undefined) throw noCandidate();
      checkFilled(jobs.find(it => it.kind === 'fill' && it.version === versionOf(candidate)) ?? null);
      checkFeature(candidate, await allLive(kinds.live, found), parseExpression);
      promoted = candidate;
      return [put(kinds.live, name, candidate), remove(kinds.candidate, name)];
    }, { action: 'promote', details: {} });
    if (promoted === undefined) throw noCandidate();
    await store.dropShadow(tenantId, name);
    return { featureDefinition: promoted, configurationVersion };
  }

  /**
   * Computes the feature as in an earlier version again; nothing else that its definition says changes. Values that are computed here are computed
   * anew for all customers; those that were set from outside are put back from their history. Both follow behind the answer.
   * @throws NotFound, Conflict where there is no version before
   */
  async rollBack(tenantId: string, actor: string, { name, version: asked, reason = {} }: RollBack): Promise<Changed> {
    const { definitions, store, kinds, parseExpression } = this.#deps;
    const past = (await definitions.past(tenantId, 'feature', name)).map(it => kinds.live.parse(it.body));
    const [present] = await definitions.find(tenantId, 'feature', [name]);
    if (present === undefined) throw noFeature();
    const from = kinds.live.parse(present.body);
    const version = asked ?? versionBefore(past, from);
    if (version === undefined) throw new Conflict('There is no version before', { details: { path: '/name' } });
    const kept = lastOf(past, version);
    if (kept === undefined) throw new NotFound('The feature had no such version', { details: { path: '/version' } });
    let back = from;
    const configurationVersion = await definitions.change(tenantId, actor, async found => {
      back = restored(await this.#live(found, name), kept);
      checkFeature(back, await allLive(kinds.live, found), parseExpression);
      return [put(kinds.live, name, back)];
    }, { action: 'roll back', details: { ...reason, from: versionOf(from), to: version } });
    if (kindOf(back) === 'customer') {
      await store.start(tenantId, name, { kind: 'restore', version }, this.#deps.now());
      this.#deps.wake();
    }
    return { featureDefinition: back, configurationVersion };
  }

  /**
   * Its versions, history and baselines go with it; the values of customers go as these are computed anew, behind the answer.
   * Returns the version of the configuration.
   * @throws NotFound, Conflict where something reads it; `usedBy` names up to ten that do
   */
  async remove(tenantId: string, actor: string, name: string): Promise<number> {
    const { definitions, store, kinds, parseExpression } = this.#deps;
    const configurationVersion = await definitions.change(tenantId, actor, async found => {
      await this.#live(found, name);
      const [features, candidates] = [await allLive(kinds.live, found), await allLive(kinds.candidate, found)];
      checkUnread(name, { features, candidates, others: await readersOfFeatures(found) }, parseExpression);
      return [remove(kinds.live, name), ...(candidates.some(it => it.name === name) ? [remove(kinds.candidate, name)] : [])];
    });
    await store.forget(tenantId, name);
    return configurationVersion;
  }

  /** Keeps how the present values are distributed, under a name. @throws NotFound */
  async saveBaseline(tenantId: string, name: string, baseline: string): Promise<Profile> {
    const { definitions, store, now } = this.#deps;
    if ((await definitions.find(tenantId, 'feature', [name])).length === 0) throw noFeature();
    const values: readonly (FeatureValue | null)[] = await store.values(tenantId, { name, most: mostCompared });
    const profile = profileOf(values);
    await store.saveBaseline(tenantId, { name, baseline, profile }, now());
    return profile;
  }

  async #live(found: LiveDefinitions, name: string): Promise<FeatureDefinition> {
    const live = await oneLive(this.#deps.kinds.live, found, name);
    if (live === undefined) throw noFeature();
    return live;
  }

  async #past(found: LiveDefinitions, name: string, which: 'live' | 'candidate' = 'live'): Promise<readonly FeatureDefinition[]> {
    const { kind, parse } = this.#deps.kinds[which];
    return (await found.past(kind, name)).map(it => parse(it.body));
  }
}

function checkFilled(job: FeatureJob | null): void {
  if (job?.finishedAt === null || job === null) throw new Conflict('The candidate is still being filled', { details: { path: '/name', done: job?.done ?? 0, total: job?.total ?? 0 } });
}

const noFeature = (): NotFound => new NotFound('There is no such feature', { details: { path: '/name' } });
const noCandidate = (): NotFound => new NotFound('The feature has no candidate', { details: { path: '/name' } });
