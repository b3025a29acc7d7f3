import type { FeatureCatalogue } from './feature-catalogue.js';
import type { FeatureDefinition } from './feature.js';

export interface FollowedCatalogueDeps {
  readonly read: (tenantId: string) => Promise<ReadonlyMap<string, FeatureDefinition>>;
  /** Calls back when the tenant's features may have changed; resolves when it will. */
  readonly follow: (tenantId: string, onChange: () => void) => Promise<unknown>;
}

/** Keeps the definitions of each tenant that was asked for in memory, until they change. */
export class FollowedCatalogue implements FeatureCatalogue {
  readonly #deps: FollowedCatalogueDeps;
  readonly #following = new Map<string, Promise<unknown>>();
  readonly #known = new Map<string, Promise<ReadonlyMap<string, FeatureDefinition>>>();

  constructor(deps: FollowedCatalogueDeps) {
    this.#deps = deps;
  }

  async definitions(tenantId: string): Promise<ReadonlyMap<string, FeatureDefinition>> {
    await this.#follow(tenantId);
    const known = this.#known.get(tenantId);
    if (known !== undefined) return known;
    const reading = this.#deps.read(tenantId);
    this.#known.set(tenantId, reading);
    reading.catch(() => {
      if (this.#known.get(tenantId) === reading) this.#known.delete(tenantId);
    });
    return reading;
  }

  async #follow(tenantId: string): Promise<void> {
    let following = this.#following.get(tenantId);
    if (following === undefined) {
      following = this.#deps.follow(tenantId, () => void this.#known.delete(tenantId));
      this.#following.set(tenantId, following);
      following.catch(() => this.#following.delete(tenantId));
    }
    await following;
  }
}
