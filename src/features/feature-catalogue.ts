import type { FeatureDefinition } from './feature.js';

/** The features that a tenant has defined, as of now. */
export interface FeatureCatalogue {
  definitions(tenantId: string): Promise<ReadonlyMap<string, FeatureDefinition>>;
}
