import type { Scalar } from './online-record.js';

/** What a tenant's own key makes: the same for the same input, whatever master key wraps it. */
export interface TenantSecrets {
  /** Stands for a value of a personal attribute where it is compared: the same text for the same value of the same attribute. */
  readonly blind: (name: string, value: Scalar) => string;
  /** Stands for an identity of a kind, apart from attributes of the same name. */
  readonly blindIdentity: (kind: string, value: string) => string;
  /** Stands for an id of whom nothing may be kept. */
  readonly hashOf: (id: string) => string;
  /** Makes a receipt ours. */
  readonly sign: (...parts: readonly string[]) => string;
}

/** Whether a value has the form of what `blind` makes: it is taken for that where definitions are written and compared. */
export const isBlindIndex = (value: unknown): value is string => typeof value === 'string' && /^~[\w-]{27}$/.test(value);

export interface KeyRotations {
  /** Wraps all keys of the tenant by the newest master key, which is read anew. Cut off, it goes on where it was when it is called again. */
  rotate(tenantId: string): Promise<void>;
  progress(tenantId: string): Promise<KeyRotation>;
}

export interface KeyRotation {
  /** Id of the master key that wraps from now on. */
  readonly masterKey: string;
  /** Keys of the tenant and its customers. */
  readonly total: number;
  /** Those of them that are wrapped by it. */
  readonly done: number;
}
