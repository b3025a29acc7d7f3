import { compileEncoder } from '../../models/encode.js';
import { widthOf } from '../../models/input-contract.js';
import { compileItem, compilePlacement } from './compile-placement.js';
import { purposesOf } from './purposes.js';
import type { Snapshot, TenantConfiguration } from './snapshot.js';

/** Compiles a checked configuration. The same configuration gives a snapshot that decides the same, at any time and in any process. */
export function compileSnapshot(configuration: TenantConfiguration): Snapshot {
  const { tenantId, version, features, placements, models } = configuration;
  const inOrder = byId(configuration);
  const items = [...configuration.items].sort((a, b) => b.priority - a.priority || compareText(a.id, b.id)).map(compileItem);
  const purposes = purposesOf(configuration);
  return {
    tenantId,
    version,
    features: new Map(features.map(it => [it.name, it])),
    items: new Map(items.map(({ item }) => [item.id, item])),
    placements: new Map(placements.map(it => [it.id, compilePlacement(it, inOrder, { items, purposes })])),
    defaultPlacementId: placements.find(({ isDefault }) => isDefault)?.id,
    ruleSets: inOrder.ruleSets.map(({ id }) => ({ id, since: configuration.ruleSetsSince?.get(id) ?? version })),
    models: new Map(models.map(model => [model.id, { model, width: widthOf(model.inputs), encode: compileEncoder(model.inputs) }])),
  };
}

/** Rule sets and experiments count in the order of their ids, whatever order the store gives them in. */
function byId(configuration: TenantConfiguration): TenantConfiguration {
  const sorted = <T extends { readonly id: string }>(all: readonly T[]): readonly T[] => [...all].sort((a, b) => compareText(a.id, b.id));
  return { ...configuration, ruleSets: sorted(configuration.ruleSets), experiments: sorted(configuration.experiments) };
}

/** By code units: the same order on every machine, whatever its locale. */
const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
