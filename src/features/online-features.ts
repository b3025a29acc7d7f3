import type { OnlineRecord } from '../customers/online-record.js';
import { DependencyUnavailable, InvalidInput } from '../kernel/errors.js';
import type { FeatureCatalogue } from './feature-catalogue.js';
import { viewFeature, type FeatureDefinition, type FeatureView } from './feature.js';

/** A feature of a customer as a decision would read it. */
export interface OnlineFeature extends FeatureView {
  readonly name: string;
  /** Epoch milliseconds that the value was computed for; undefined without a reading. */
  readonly at: number | undefined;
}

export interface OnlineFeaturesOf {
  readonly customerId: string;
  /** Whether there is such a customer. */
  readonly known: boolean;
  readonly features: readonly OnlineFeature[];
}

export interface OnlineFeaturesDeps {
  /** One round trip for all of the ids. */
  readonly read: (tenantId: string, customerIds: readonly string[]) => Promise<readonly (OnlineRecord | undefined)[]>;
  readonly catalogue: FeatureCatalogue;
  readonly now: () => number;
}

/** Reads features as they are now. */
export class OnlineFeatures {
  readonly #deps: OnlineFeaturesDeps;

  constructor(deps: OnlineFeaturesDeps) {
    this.#deps = deps;
  }

  /**
   * In the order of the ids and of the names; without names, all that are defined, in the order of their names.
   * @throws InvalidInput for a name that is not defined, DependencyUnavailable where nothing answers
   */
  async read(tenantId: string, customerIds: readonly string[], names: readonly string[] | undefined): Promise<readonly OnlineFeaturesOf[]> {
    const { read, catalogue, now } = this.#deps;
    const definitions = chosen(await catalogue.definitions(tenantId), names);
    const records = await read(tenantId, customerIds);
    const at = now();
    return records.map((record, i) => {
      if (record === undefined) throw new DependencyUnavailable('What is known of a customer could not be read');
      return { customerId: customerIds[i] ?? '', known: record.known, features: featuresOf(record, definitions, at) };
    });
  }
}

/** @throws InvalidInput with the path of the first name that is not defined */
export function chosen(definitions: ReadonlyMap<string, FeatureDefinition>, names: readonly string[] | undefined): readonly FeatureDefinition[] {
  if (names === undefined) return [...definitions.values()];
  return names.map((name, i) => {
    const definition = definitions.get(name);
    if (definition === undefined) throw new InvalidInput('There is no such feature', { details: { path: `/names/${i}` } });
    return definition;
  });
}

export function featuresOf({ features }: OnlineRecord, definitions: readonly FeatureDefinition[], now: number): readonly OnlineFeature[] {
  return definitions.map(definition => {
    const { name } = definition;
    const reading = Object.hasOwn(features, name) ? features[name] : undefined;
    const { value, status, ageMs, version } = viewFeature(definition, reading, now);
    return { name, value, status, ageMs, version, at: reading?.at };
  });
}
