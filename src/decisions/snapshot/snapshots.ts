import type { Configuration, ConfigurationChanged, Definitions } from '../../tenants/definitions.js';
import { compileSnapshot } from './compile.js';
import type { Snapshot, TenantConfiguration } from './snapshot.js';

export interface SnapshotsDeps {
  readonly definitions: Pick<Definitions, 'read'>;
  readonly parse: (tenantId: string, configuration: Configuration) => Promise<TenantConfiguration>;
  /** Calls back for each announced change of the tenant's configuration, and with undefined where some may have been missed. */
  readonly follow: (tenantId: string, listener: (change: ConfigurationChanged | undefined) => Promise<void>) => Promise<unknown>;
  readonly onFailure: (error: unknown) => void;
}

export type SnapshotListener = (snapshot: Snapshot, change: ConfigurationChanged | undefined) => void;

const pastKept = 64;
const retryMs = 1000;

/** The snapshots in use: the newest of each tenant that was asked for, and some earlier ones for replay. */
export class Snapshots {
  readonly #deps: SnapshotsDeps;
  readonly #current = new Map<string, Snapshot>();
  readonly #loading = new Map<string, Promise<Snapshot>>();
  readonly #past = new Map<string, Snapshot>();
  readonly #listeners = new Set<SnapshotListener>();
  #closed = false;

  constructor(deps: SnapshotsDeps) {
    this.#deps = deps;
  }

  /** The newest; undefined until `load` has been awaited once for the tenant. */
  current(tenantId: string): Snapshot | undefined {
    return this.#current.get(tenantId);
  }

  /** @throws NotFound for an unknown tenant, DependencyUnavailable where it was never loaded and cannot be now */
  async load(tenantId: string): Promise<Snapshot> {
    const known = this.#current.get(tenantId);
    if (known !== undefined) return known;
    let loading = this.#loading.get(tenantId);
    if (loading === undefined) {
      loading = this.#first(tenantId).finally(() => this.#loading.delete(tenantId));
      this.#loading.set(tenantId, loading);
    }
    return loading;
  }

  /** As it was at an earlier version. */
  async at(tenantId: string, version: number): Promise<Snapshot> {
    const current = this.#current.get(tenantId);
    if (current?.version === version) return current;
    const key = `${String(version)} ${tenantId}`;
    let past = this.#past.get(key);
    if (past === undefined) {
      past = compileSnapshot(await this.#deps.parse(tenantId, await this.#deps.definitions.read(tenantId, version)));
      const oldest = this.#past.size >= pastKept ? this.#past.keys().next().value : undefined;
      if (oldest !== undefined) this.#past.delete(oldest);
      this.#past.set(key, past);
    }
    return past;
  }

  /** Called after each change of a loaded tenant, when `current` gives the new version. */
  onChange(listener: SnapshotListener): void {
    this.#listeners.add(listener);
  }

  close(): void {
    this.#closed = true;
  }

  async #first(tenantId: string): Promise<Snapshot> {
    await this.#deps.follow(tenantId, change => this.#refresh(tenantId, change));
    return this.#read(tenantId);
  }

  async #refresh(tenantId: string, change: ConfigurationChanged | undefined): Promise<void> {
    const known = this.#current.get(tenantId);
    if (this.#closed || (known !== undefined && change !== undefined && change.version <= known.version)) return;
    try {
      const snapshot = await this.#read(tenantId);
      for (const listener of this.#listeners) listener(snapshot, change);
    } catch (error) {
      this.#deps.onFailure(error);
      setTimeout(() => void this.#refresh(tenantId, change), retryMs).unref();
    }
  }

  async #read(tenantId: string): Promise<Snapshot> {
    const snapshot = compileSnapshot(await this.#deps.parse(tenantId, await this.#deps.definitions.read(tenantId)));
    const known = this.#current.get(tenantId);
    if (known !== undefined && known.version > snapshot.version) return known;
    this.#current.set(tenantId, snapshot);
    return snapshot;
  }
}
