import type { BanditSpec } from '../content/placement.js';
import { contractOf, solvedPosteriors } from './bandit/solved-posteriors.js';
import type { PlacementSums, PosteriorStore } from './posterior-store.js';
import type { PlacementPosteriors } from './posteriors.js';

export interface PosteriorCacheDeps {
  readonly store: PosteriorStore;
  /** Calls back with the placement that has learned, and with undefined where any may have; resolves when it is active. */
  readonly follow: (tenantId: string, listener: (placementId: string | undefined) => Promise<void>) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}

interface Placement {
  readonly byContract: ReadonlyMap<string, PlacementSums>;
  /** Made for the spec that was asked for last. */
  solved?: { readonly spec: BanditSpec; readonly posteriors: PlacementPosteriors };
}

/** The posteriors of the tenants that decide here, in memory; scoring never waits for them. */
export class PosteriorCache {
  readonly #deps: PosteriorCacheDeps;
  readonly #tenants = new Map<string, Map<string, Placement>>();
  readonly #listeners = new Set<(tenantId: string, placementId: string) => void>();

  constructor(deps: PosteriorCacheDeps) {
    this.#deps = deps;
  }

  /** The newest that this process knows; the prior alone until the first have been read. */
  current(tenantId: string, placementId: string, spec: BanditSpec): PlacementPosteriors {
    const tenant = this.#tenants.get(tenantId) ?? this.#open(tenantId);
    const placement = tenant.get(placementId);
    if (placement === undefined) return solvedPosteriors(0, spec, new Map());
    if (placement.solved?.spec !== spec) {
      const sums = placement.byContract.get(contractOf(spec));
      placement.solved = { spec, posteriors: solvedPosteriors(sums?.version ?? 0, spec, sums?.arms ?? new Map()) };
    }
    return placement.solved.posteriors;
  }

  /** Reads what a tenant has learned so far. */
  async load(tenantId: string): Promise<void> {
    this.#open(tenantId);
    await this.#read(tenantId, undefined);
  }

  /** Called when a placement has learned, and `current` gives the new posteriors. */
  onChange(listener: (tenantId: string, placementId: string) => void): void {
    this.#listeners.add(listener);
  }

  #open(tenantId: string): Map<string, Placement> {
    const tenant = new Map<string, Placement>();
    this.#tenants.set(tenantId, tenant);
    void this.#deps
      .follow(tenantId, placementId => this.#read(tenantId, placementId))
      .then(() => this.#read(tenantId, undefined))
      .catch(this.#deps.onFailure);
    return tenant;
  }

  async #read(tenantId: string, placementId: string | undefined): Promise<void> {
    try {
      const placements = new Map<string, Map<string, PlacementSums>>();
      for (const sums of await this.#deps.store.load(tenantId, placementId)) {
        const byContract = placements.get(sums.placementId) ?? new Map<string, PlacementSums>();
        placements.set(sums.placementId, byContract.set(sums.contract, sums));
      }
      const tenant = this.#tenants.get(tenantId);
      for (const [id, byContract] of placements) tenant?.set(id, { byContract });
      for (const id of placements.keys()) for (const listener of this.#listeners) listener(tenantId, id);
    } catch (error) {
      this.#deps.onFailure(error);
    }
  }
}
