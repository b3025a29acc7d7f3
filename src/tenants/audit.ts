import type { Json } from '../kernel/json.js';

/** Who changed what. */
export interface AuditEntry {
  /** Grows with time. */
  readonly id: number;
  readonly at: Date;
  /** Id of the key that it was done with. */
  readonly actor: string;
  /** create | change | remove | revoke, and what single changes are called: promote, roll back, … */
  readonly action: string;
  /** kind/id */
  readonly subject: string;
  readonly details: Json;
}

export interface AuditLog {
  /** Newest first; those before the entry `before`. */
  list(tenantId: string, page: { readonly first: number; readonly before?: number | undefined }): Promise<readonly AuditEntry[]>;
}
