import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Pool } from 'pg';
import { items } from '../content/item.schema.js';
import { placements } from '../content/placement.schema.js';
import type { TenantConfiguration } from '../decisions/snapshot/snapshot.js';
import { experiments } from '../experiments/experiment.schema.js';
import { features } from '../features/feature.schema.js';
import { InvariantViolation } from '../kernel/errors.js';
import type { ModelArtifacts } from '../models/model-artifacts.js';
import { models } from '../models/model.schema.js';
import { encodeLogisticAsOnnx } from '../models/onnx-logistic.js';
import { ruleSets } from '../rules/rule-set.schema.js';
import { segments } from '../segments/segment.schema.js';
import type { ApiKeys, KeyRole, MintBrowserToken } from '../tenants/api-key.js';
import { put } from '../tenants/definition-kind.js';
import type { DefinitionChange, Definitions } from '../tenants/definitions.js';
import type { Tenants } from '../tenants/tenant.js';
import { DemoStore } from './demo-store.postgres.js';
import { simulateMonth } from './month.js';
import { demoTenant, demoWorld } from './world.js';

export interface DemoDeps {
  readonly pool: Pool;
  readonly dataFolder: string;
  readonly tenants: Pick<Tenants, 'provision'>;
  readonly keys: Pick<ApiKeys, 'create' | 'keysOf'>;
  readonly mint: MintBrowserToken;
  readonly definitions: Pick<Definitions, 'change'>;
  readonly artifacts: Pick<ModelArtifacts, 'put'>;
}

/** What the first start leaves for people to try things with. */
export interface DemoKeys {
  readonly admin: string;
  readonly server: string;
  /** A token that speaks for `customerId`. */
  readonly browser: string;
}

export interface DemoReport {
  readonly tenantId: string;
  /** Whether the demo's month was made by this start. */
  readonly isNew: boolean;
  readonly keysFile: string;
  readonly keys: DemoKeys;
  /** Somebody to ask a decision for: the browser key's customer. */
  readonly customerId: string;
}

const actor = 'demo';
const browserTtlSeconds = 365 * 24 * 3600;
export const demoCustomerId = 'imogen-llewellyn';

/**
 * Makes the demo tenant where the database holds no tenant, or what an earlier start could not finish of it. May be called by several
 * processes at once, and be killed at any point: the next call goes on from there.
 * @returns undefined where the database is somebody's who has no demo
 */
export async function seedDemo(deps: DemoDeps): Promise<DemoReport | undefined> {
  const store = new DemoStore(deps.pool);
  return store.exclusively(async () => {
    const before = await store.stateOf(demoTenant.id);
    if (before === undefined && (await store.hasTenants())) return undefined;
    const keys = await ensureKeys(deps, before !== undefined);
    const state = before ?? (await store.stateOf(demoTenant.id));
    if (state === undefined) throw new InvariantViolation('The demo tenant was made, and is not there');
    if (!state.isSeeded) await seed(deps, store, state);
    return { tenantId: demoTenant.id, isNew: !state.isSeeded, keysFile: keysFileIn(deps.dataFolder), keys, customerId: demoCustomerId };
  });
}

async function seed({ definitions, artifacts }: DemoDeps, store: DemoStore, state: { readonly createdAt: number; readonly configVersion: number }): Promise<void> {
  const world = demoWorld(state.createdAt);
  let artifact: Uint8Array = new Uint8Array();
  const month = simulateMonth(world, model => {
    artifact = encodeLogisticAsOnnx(model);
    return createHash('sha256').update(artifact).digest('hex');
  });
  await artifacts.put(demoTenant.id, artifact);
  for (const configuration of month.configurations) {
    if (configuration.version <= state.configVersion) continue;
    const version = await definitions.change(demoTenant.id, actor, changesOf(configuration));
    if (version !== configuration.version) throw new InvariantViolation('The demo tenant was changed while it was made');
  }
  await store.write(demoTenant.id, world, month);
}

function changesOf(it: TenantConfiguration): readonly DefinitionChange[] {
  return [
    ...it.features.map(feature => put(features, feature.name, feature)),
    ...it.segments.map(segment => put(segments, segment.id, segment)),
    ...it.items.map(item => put(items, item.id, item)),
    ...it.placements.map(placement => put(placements, placement.id, placement)),
    ...it.ruleSets.map(ruleSet => put(ruleSets, ruleSet.id, ruleSet)),
    ...it.experiments.map(experiment => put(experiments, experiment.id, experiment)),
    ...it.models.map(model => put(models, model.id, model)),
  ];
}

const keysFileIn = (dataFolder: string): string => path.join(dataFolder, 'keys.json');

/** The keys in the data folder where they are the tenant's; else new ones, which leave any others good. */
async function ensureKeys(deps: DemoDeps, isThere: boolean): Promise<DemoKeys> {
  const kept = isThere ? await keptKeys(deps) : undefined;
  if (kept !== undefined) return kept;
  const credentials = isThere ? await moreKeys(deps) : await firstKeys(deps);
  const { token } = await deps.mint(demoTenant.id, demoCustomerId, browserTtlSeconds);
  const keys = { ...credentials, browser: token };
  const file = keysFileIn(deps.dataFolder);
  await mkdir(deps.dataFolder, { recursive: true });
  await writeFile(`${file}.new`, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
  return keys;
}

async function keptKeys({ dataFolder, keys }: DemoDeps): Promise<DemoKeys | undefined> {
  const text = await readFile(keysFileIn(dataFolder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const kept = JSON.parse(text) as DemoKeys;
  const own = await keys.keysOf(demoTenant.id);
  return own.some(({ id, revokedAt }) => revokedAt === null && kept.admin.startsWith(`atk_${id}_`)) ? kept : undefined;
}

async function firstKeys({ tenants }: DemoDeps): Promise<Pick<DemoKeys, 'admin' | 'server'>> {
  const { admin, server } = await tenants.provision(demoTenant);
  return { admin: admin.credential ?? '', server: server.credential ?? '' };
}

async function moreKeys({ keys }: DemoDeps): Promise<Pick<DemoKeys, 'admin' | 'server'>> {
  const make = async (role: KeyRole): Promise<string> => (await keys.create(demoTenant.id, actor, { role, name: `demo, ${role}` })).credential ?? '';
  return { admin: await make('admin'), server: await make('server') };
}
