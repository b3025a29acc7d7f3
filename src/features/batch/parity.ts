import type { FeatureValue } from '../../customers/online-record.js';

/** How far the values of one feature that readers see are from what the log gives. */
export interface FeatureSkew {
  readonly name: string;
  readonly compared: number;
  readonly differing: number;
  /** Between numbers; undefined where no two differ. */
  readonly greatestDifference: number | undefined;
}

export interface Parity {
  /** Customers who were compared. */
  readonly customers: number;
  /** Customers of the sample who were just changing. */
  readonly unsettled: number;
  /** In the order of the names. */
  readonly features: readonly FeatureSkew[];
}

export interface Parities {
  /** @param names of computed features; undefined: of all */
  check(tenantId: string, sample: number, names: readonly string[] | undefined): Promise<Parity>;
}

export function isSameValue(a: FeatureValue | undefined, b: FeatureValue | undefined): boolean {
  return a === b || (Array.isArray(a) && Array.isArray(b) && JSON.stringify(a) === JSON.stringify(b));
}

/** Sums up pairs of values, by feature. */
export class SkewCount {
  readonly #skews: Map<string, { name: string; compared: number; differing: number; greatestDifference: number | undefined }>;

  constructor(names: readonly string[]) {
    this.#skews = new Map([...names].sort().map(name => [name, { name, compared: 0, differing: 0, greatestDifference: undefined }]));
  }

  compare(name: string, online: FeatureValue | undefined, logged: FeatureValue | undefined): void {
    const skew = this.#skews.get(name);
    if (skew === undefined) return;
    skew.compared += 1;
    if (isSameValue(online, logged)) return;
    skew.differing += 1;
    if (typeof online === 'number' && typeof logged === 'number') skew.greatestDifference = Math.max(skew.greatestDifference ?? 0, Math.abs(online - logged));
  }

  get features(): readonly FeatureSkew[] {
    return [...this.#skews.values()];
  }
}
