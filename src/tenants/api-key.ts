export const keyRoles = ['admin', 'server', 'browser'] as const;
export type KeyRole = (typeof keyRoles)[number];

/**
 * What a tenant lets somebody in by.
 * - `admin`: configures; `server`: asks for decisions and sends events; both are credentials themselves
 * - `browser`: is no credential, but signs tokens that speak for one customer each
 */
export interface ApiKey {
  readonly id: string;
  readonly tenantId: string;
  readonly role: KeyRole;
  readonly name: string;
  readonly createdAt: Date;
  readonly revokedAt: Date | null;
}

/** What a credential is checked against. */
export interface KeySecret {
  readonly id: string;
  readonly tenantId: string;
  readonly role: KeyRole;
  /** SHA-256 of the secret of an admin or server key. */
  readonly secretHash: Uint8Array | null;
  /** HMAC key of a browser key. */
  readonly signingSecret: Uint8Array | null;
}

export interface NewKey {
  readonly key: ApiKey;
  /** Can be had this once; null for a browser key. */
  readonly credential: string | null;
}

export interface ApiKeys {
  /** Newest first, at most 1000; the revoked ones too. */
  keysOf(tenantId: string): Promise<readonly ApiKey[]>;
  create(tenantId: string, actor: string, key: Pick<ApiKey, 'role' | 'name'>): Promise<NewKey>;
  /**
   * Revoking once more changes nothing.
   * @throws NotFound where the tenant has none of this id, Conflict for its last admin key
   */
  revoke(tenantId: string, actor: string, id: string): Promise<ApiKey>;
  /** Undefined where it is unknown, or revoked. @throws DependencyUnavailable */
  secretOf(id: string): Promise<KeySecret | undefined>;
  /** The newest browser key that is not revoked. @throws Conflict where the tenant has none */
  signingKey(tenantId: string): Promise<KeySecret>;
}

export interface BrowserToken {
  readonly token: string;
  readonly expiresAt: Date;
}

/** @throws Conflict where the tenant has no browser key */
export type MintBrowserToken = (tenantId: string, customerId: string, ttlSeconds: number) => Promise<BrowserToken>;
