import type { Json } from '../kernel/json.js';

/** Kinds of configured things; each body's shape belongs to the folder that is named. */
export const definitionKinds = [
  'eventType', // events/
  'attribute', // customers/
  'feature', 'featureCandidate', // features/
  'segment', // segments/
  'item', 'placement', // content/
  'ruleSet', 'ruleSetDraft', // rules/
  'experiment', // experiments/
  'model', // models/
] as const;
export type DefinitionKind = (typeof definitionKinds)[number];

/** One configured thing as it is from the configuration version `since` on. */
export interface Definition {
  readonly kind: DefinitionKind;
  readonly id: string;
  readonly since: number;
  readonly body: Json;
}

/** Everything that a tenant has configured at one version. */
export interface Configuration {
  readonly version: number;
  readonly definitions: readonly Definition[];
}

export interface DefinitionChange {
  readonly kind: DefinitionKind;
  readonly id: string;
  /** Null removes it. */
  readonly body: Json | null;
}

/** What is live while a change is being planned: nobody else changes the tenant's configuration meanwhile. */
export interface LiveDefinitions {
  /** Those that are there, in any order. */
  find(kind: DefinitionKind, ids: readonly string[]): Promise<readonly Definition[]>;
  /** Ordered by id. */
  all(kind: DefinitionKind): Promise<readonly Definition[]>;
  /** All that one id ever was, oldest first, what is live included. */
  past(kind: DefinitionKind, id: string): Promise<readonly Definition[]>;
}

/** How a change is told in the audit log, in place of create, change or remove. */
export interface ChangeNote {
  readonly action: string;
  readonly details: Readonly<Record<string, Json>>;
}

/** Decides what to change by what is live; throws to change nothing. It should be quick: other changes of the tenant wait for it. */
export type ChangePlan = (live: LiveDefinitions) => Promise<readonly DefinitionChange[]>;

/** Sent on the tenant's configuration topic after the commit. */
export interface ConfigurationChanged {
  readonly version: number;
  readonly subjects: readonly { readonly kind: DefinitionKind; readonly id: string }[];
  /** Epoch milliseconds. */
  readonly changedAt: number;
}

/** The configuration of all tenants, as versions that never change: any earlier one can be read again. */
export interface Definitions {
  /** At `version`, or the newest. @throws NotFound for an unknown tenant */
  read(tenantId: string, version?: number): Promise<Configuration>;
  /** The newest of each id that is there, in any order. */
  find(tenantId: string, kind: DefinitionKind, ids: readonly string[]): Promise<readonly Definition[]>;
  /** The newest of all ids of a kind, ordered by id, those after `after`. */
  list(tenantId: string, kind: DefinitionKind, page: { readonly first: number; readonly after?: string | undefined }): Promise<readonly Definition[]>;
  /**
   * All changes under one new version, or none; with an audit entry each. Resolves after the commit, once this process uses the new version.
   * A change that says what is already so is left out; if nothing remains, the version stays. Returns the version.
   * @param changes one at most for each kind and id; as a plan where they depend on what is live
   * @throws NotFound for an unknown tenant
   */
  change(tenantId: string, actor: string, changes: readonly DefinitionChange[] | ChangePlan, note?: ChangeNote): Promise<number>;
  /** All that one id ever was, oldest first, what is live included. */
  past(tenantId: string, kind: DefinitionKind, id: string): Promise<readonly Definition[]>;
}
