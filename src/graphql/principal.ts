import { Forbidden } from '../kernel/errors.js';

export type Role = 'admin' | 'server' | 'browser';

/** On whose behalf a request is made. */
export interface Principal {
  readonly tenantId: string;
  readonly role: Role;
  readonly keyId: string;
  /** The one customer a browser token speaks for; other roles have none. */
  readonly customerId?: string;
  /** Epoch milliseconds from which the credential holds no longer. Without it: until it is revoked. */
  readonly expiresAtMs?: number;
}

/** Finds whom a credential (without the word Bearer) belongs to; throws Unauthenticated where there is none, or it is not valid. */
export type Authenticate = (credential: string | undefined) => Promise<Principal>;

/** The credential of an `Authorization: Bearer …` header, or of the same text in a socket's connection parameters. */
export function credentialOf(authorization: unknown): string | undefined {
  if (typeof authorization !== 'string') return undefined;
  return /^bearer +(\S+) *$/i.exec(authorization)?.[1];
}

/** Throws Forbidden unless the principal has one of `roles`. */
export function requireRole(principal: Principal, ...roles: readonly Role[]): void {
  if (!roles.includes(principal.role)) throw new Forbidden(`This needs a key with the role ${roles.join(' or ')}.`);
}

/** Throws Forbidden where a browser token asks about another customer than its own. */
export function requireCustomer(principal: Principal, customerId: string): void {
  if (principal.role === 'browser' && principal.customerId !== customerId) {
    throw new Forbidden('A browser token speaks for its own customer only.');
  }
}
