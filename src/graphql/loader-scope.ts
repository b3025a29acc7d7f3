import DataLoader from 'dataloader';

/** Names rows that can be loaded many at a time. The object itself is the key: make it once and share it. */
export interface LoaderKey<K, V> {
  readonly name: string;
  /** Answers in the order of the keys, one each; an Error in a place fails that key alone. */
  readonly loadMany: (keys: readonly K[], tenantId: string) => Promise<readonly (V | Error)[]>;
}

/**
 * The DataLoaders of one operation, or of one event of a subscription. Rows that are asked for together are read
 * together, once. It must not outlive what it was made for: it would answer with rows of an earlier time.
 */
export class LoaderScope {
  readonly #byKey = new Map<unknown, unknown>();
  readonly #tenantId: string;

  constructor(tenantId: string) {
    this.#tenantId = tenantId;
  }

  get<K, V>(key: LoaderKey<K, V>): DataLoader<K, V> {
    const known = this.#byKey.get(key) as DataLoader<K, V> | undefined;
    if (known !== undefined) return known;
    const made = new DataLoader<K, V>(keys => key.loadMany(keys, this.#tenantId), { name: key.name });
    this.#byKey.set(key, made);
    return made;
  }
}
