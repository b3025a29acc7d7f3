import type { Json } from '../kernel/json.js';

/** `featureLimit`: values pass a limit, and there is no version to go back to; `featureRolledBack`: they did, and were rolled back. */
export const alertKinds = ['featureLimit', 'featureRolledBack'] as const;
export type AlertKind = (typeof alertKinds)[number];

export interface Alert {
  readonly id: string;
  readonly at: Date;
  readonly kind: AlertKind;
  /** kind/id of what it is about. */
  readonly subject: string;
  readonly message: string;
  readonly details: Json;
  /** Null while it lasts. */
  readonly endedAt: Date | null;
}

export interface Alerts {
  /** Keeps it, unless the same alert lasts. Returns whether it was kept. */
  raise(tenantId: string, alert: Alert): Promise<boolean>;
  /** Ends what lasts of this subject. */
  end(tenantId: string, subject: string, now: number): Promise<void>;
  /** Newest first; those before the one with the id `before`. */
  list(tenantId: string, page: { readonly first: number; readonly before: string | undefined }): Promise<readonly Alert[]>;
}
