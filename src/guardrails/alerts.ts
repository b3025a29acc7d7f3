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

type AlertMessage = Omit<Alert, 'at' | 'endedAt'> & { readonly at: string; readonly endedAt: string | null };

/** As it travels between processes. */
export function messageOf({ id, at, kind, subject, message, details, endedAt }: Alert): Json {
  return { id, at: at.toISOString(), kind, subject, message, details, endedAt: endedAt?.toISOString() ?? null };
}

export function alertOf(told: Json): Alert {
  const alert = told as unknown as AlertMessage;
  return { ...alert, at: new Date(alert.at), endedAt: alert.endedAt === null ? null : new Date(alert.endedAt) };
}
