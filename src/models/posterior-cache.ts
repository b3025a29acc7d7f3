import type { BanditSpec } from '../content/placement.js';
import { contractOf, solvedPosteriors } from './bandit/solved-posteriors.js';
import type { ArmSums } from './bandit/linear-posterior.js';
import type { PosteriorStore, StoredArm } from './posterior-store.js';
import type { PlacementPosteriors } from './posteriors.js';

export interface PosteriorCacheDeps {
  readonly store: PosteriorStore;
  /** Calls back with the placement that has learned, and with undefined where any may have; resolves when it is active. */
  readonly follow: (tenantId: string, listener: (placementId: string | undefined) => Promise<void>) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}

interface Placement {
  /** Of the newest arm that is known. */
  readonly version: number;
  /** By contract, then by arm. */
  readonly arms: ReadonlyMap<string, ReadonlyMap<string, StoredArm>>;
  /** Made for the spec that was asked for last. */
  solved?: { readonly spec: BanditSpec; readonly posteriors: PlacementPosteriors };
}

interface Tenant {
  readonly placements: Map<string, Placement>;
  /** Resolves when what had been learned by then has been read. */
  opened: Promise<void>;
}

const nothing: Placement = { version: 0, arms: new Map() };

/** The posteriors of the tenants that decide here, in memory; scoring never waits for them. */
export class PosteriorCache {
  readonly #deps: PosteriorCacheDeps;
  readonly #tenants = new Map<string, Tenant>();
  readonly #listeners = new Set<(tenantId: string, placementId: string) => void>();

  constructor(deps: PosteriorCacheDeps) {
    this.#deps = deps;
  }

  /** The newest that this process knows; the prior alone until the first have been read. */
  current(tenantId: string, placementId: string, spec: BanditSpec): PlacementPosteriors {
    const { placements } = this.#tenants.get(tenantId) ?? this.#open(tenantId);
    let placement = placements.get(placementId);
    if (placement === undefined) placements.set(placementId, (placement = { ...nothing }));
    if (placement.solved?.spec !== spec) placement.solved = { spec, posteriors: solve(placement, spec) };
    return placement.solved.posteriors;
  }

  /** Resolves when what the tenant has learned so far has been read, or has failed to be, which is reported. */
  async load(tenantId: string): Promise<void> {
    await (this.#tenants.get(tenantId) ?? this.#open(tenantId)).opened;
  }

  /** Called when a placement has learned, and `current` gives the new posteriors. */
  onChange(listener: (tenantId: string, placementId: string) => void): void {
    this.#listeners.add(listener);
  }

  #open(tenantId: string): Tenant {
    const tenant: Tenant = { placements: new Map(), opened: Promise.resolve() };
    this.#tenants.set(tenantId, tenant);
    const read = (placementId: string | undefined): Promise<void> => this.#read(tenantId, tenant, placementId);
    tenant.opened = this.#deps.follow(tenantId, read).then(() => read(undefined)).catch((error: unknown) => {
      this.#tenants.delete(tenantId);
      this.#deps.onFailure(error);
    });
    return tenant;
  }

  /** Reads may overtake each other: each arm keeps the newest that any of them has brought. */
  async #read(tenantId: string, { placements }: Tenant, placementId: string | undefined): Promise<void> {
    try {
      const { store } = this.#deps;
      const arms = placementId === undefined ? await store.load(tenantId) : await store.loadNewer(tenantId, placementId, placements.get(placementId)?.version ?? 0);
      const byPlacement = new Map<string, StoredArm[]>();
      for (const arm of arms) byPlacement.set(arm.placementId, [...(byPlacement.get(arm.placementId) ?? []), arm]);
      for (const [id, of] of byPlacement) placements.set(id, merge(placements.get(id) ?? nothing, of));
      for (const id of byPlacement.keys()) for (const listener of this.#listeners) listener(tenantId, id);
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }
}

function merge({ version, arms }: Placement, newer: readonly StoredArm[]): Placement {
  const merged = new Map(Array.from(arms, ([contract, of]) => [contract, new Map(of)]));
  for (const arm of newer) {
    const of = merged.get(arm.contract) ?? new Map<string, StoredArm>();
    merged.set(arm.contract, of);
    if (arm.version > (of.get(arm.arm)?.version ?? 0)) of.set(arm.arm, arm);
  }
  return { version: newer.reduce((most, arm) => Math.max(most, arm.version), version), arms: merged };
}

function solve({ arms }: Placement, spec: BanditSpec): PlacementPosteriors {
  const of = [...(arms.get(contractOf(spec))?.values() ?? [])];
  const version = of.reduce((most, arm) => Math.max(most, arm.version), 0);
  return solvedPosteriors(version, spec, new Map(of.map((it): [string, ArmSums] => [it.arm, it.sums])));
}
